import Events
import JSON
import Marketplaces
import Time

extension AllegroAdapter {
  /// A page of `GET /sale/offer-events`. An event has no quantity: the offers of the page are read, each once.
  func offerEvents(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let answer = try await get("/sale/offer-events", eventQuery(request))
    let page = try EventPage(
      answer.json, after: request.cursor, dialect: connection.dialect, observedAt: answer.date)
    var ids: Set<String> = []
    var externalIds: [String: String] = [:]
    for entry in page.events where AllegroEventType.offer(entry.raw.type) != nil {
      guard let id = entry.raw.payload["offer"]["id"].text else { continue }
      ids.insert(id)
      externalIds[id] = entry.raw.payload["offer"]["external"]["id"].text ?? externalIds[id]
    }
    let read = try await offers(ids, externalIds: externalIds)
    let items = page.events.map { FeedItem(raw: $0.raw, meaning: offerMeaning(of: $0, read: read)) }
    return FeedPage(
      items: items, nextCursor: page.nextCursor, isLast: items.count < request.limit, observedAt: answer.date,
      calls: 1 + read.calls)
  }

  /// The id of the newest offer event: the journal is walked to its end, for Allegro has no other mark.
  func lastOfferEvent() async throws(MarketplaceError) -> String? {
    var cursor: String?
    while true {
      let request = FeedRequest(feed: .offerEvents, cursor: cursor, limit: 1000)
      let answer = try await get("/sale/offer-events", eventQuery(request))
      let page = try EventPage(
        answer.json, after: cursor, dialect: connection.dialect, observedAt: answer.date)
      cursor = page.nextCursor
      if page.events.count < request.limit { return cursor }
    }
  }

  private func offerMeaning(of entry: EventPage.Entry, read: OffersRead) -> FeedItem.Meaning {
    if let problem = entry.problem { return .failed(problem) }
    guard let meaning = AllegroEventType.offer(entry.raw.type) else {
      return .skipped("nothing here has a use for \(entry.raw.type)")
    }
    guard let id = entry.raw.payload["offer"]["id"].text else { return .failed("the event names no offer") }
    guard let found = read.offers[id] else {
      return meaning.type == .offerEnded
        ? .event(offerEvent(entry, meaning, Listing(externalId: id), observedAt: entry.raw.occurredAt))
        : .skipped("there is no offer \(id)")
    }
    guard let listing = AllegroOffer.listing(of: found.json) else { return .failed("offer \(id) has no id") }
    guard meaning.type == .inventoryUpdated else {
      return .event(offerEvent(entry, meaning, listing, observedAt: found.at))
    }
    guard let inventory = Self.inventory(of: listing, at: found.at) else {
      return .failed("offer \(id): '\(found.json["stock"]["available"])' is not a quantity")
    }
    return .event(
      connection.event(
        id: connection.messageId(entry.raw.id), type: .inventoryUpdated, time: entry.raw.occurredAt,
        change: meaning.change,
        observedAt: found.at, .inventory(inventory)))
  }

  /// Nil when the listing doesn't say how many there are.
  static func inventory(of listing: Listing, at moment: Timestamp) -> Inventory? {
    listing.quantity.map {
      Inventory(
        listingId: listing.externalId, sku: listing.sku, locationId: nil, quantity: $0, asOf: moment)
    }
  }

  private func offerEvent(
    _ entry: EventPage.Entry, _ meaning: AllegroEventType.Meaning, _ listing: Listing, observedAt: Timestamp
  ) -> Event {
    let offer = Offer(
      externalId: listing.externalId, sku: listing.sku ?? entry.raw.payload["offer"]["external"]["id"].text,
      title: listing.title ?? entry.raw.payload["offer"]["name"].text, status: listing.status,
      price: listing.price, currency: listing.currency)
    return connection.event(
      id: connection.messageId(entry.raw.id), type: meaning.type, time: entry.raw.occurredAt,
      change: meaning.change,
      observedAt: observedAt, .offer(offer))
  }
}
