package import Events
package import JSON
package import Time

/// A page of a feed: what the marketplace said, and what it means.
package struct FeedPage: Sendable, Equatable {
  package var items: [FeedItem]
  /// The listings of a page of the `listings` feed; empty for the others.
  package var listings: [Listing]
  /// Where the next page begins; nil leaves the cursor where it is.
  package var nextCursor: String?
  /// Whether the feed had no more to give.
  package var isLast: Bool
  /// The `Date` of the response: the moment of the page on the marketplace's clock.
  package var observedAt: Timestamp
  /// How many calls the page took.
  package var calls: Int

  package init(
    items: [FeedItem], listings: [Listing] = [], nextCursor: String?, isLast: Bool, observedAt: Timestamp,
    calls: Int
  ) {
    self.items = items
    self.listings = listings
    self.nextCursor = nextCursor
    self.isLast = isLast
    self.observedAt = observedAt
    self.calls = calls
  }

  /// What the items mean, without those that are no event.
  package var events: [Event] { items.compactMap(\.event) }
}

/// One thing a marketplace said, and the event made of it.
package struct FeedItem: Sendable, Equatable {
  package var raw: RawEvent
  package var meaning: Meaning

  package enum Meaning: Sendable, Equatable {
    case event(Event)
    /// Kept, but no event: nobody here has a use for it.
    case skipped(String)
    /// Kept, but not understood: one plain sentence says why.
    case failed(String)
  }

  package init(raw: RawEvent, meaning: Meaning) {
    self.raw = raw
    self.meaning = meaning
  }

  /// The event that was made of it; nil when there is none.
  package var event: Event? { if case .event(let event) = meaning { event } else { nil } }
}

/// What the marketplace said, as it said it.
package struct RawEvent: Sendable, Equatable {
  /// The platform's own id; the first one stored fixes what the id means.
  package var id: String
  /// The platform's own word for what happened.
  package var type: String
  package var occurredAt: Timestamp
  package var payload: JSON

  package init(id: String, type: String, occurredAt: Timestamp, payload: JSON) {
    self.id = id
    self.type = type
    self.occurredAt = occurredAt
    self.payload = payload
  }
}
