import Events
package import Marketplaces
package import Time

/// A webhook that is genuine and has been read: what is to be stored of it, and what is to be asked for.
package struct Arrival: Sendable {
  package var connection: MarketplaceConnection
  package var items: [FeedItem]
  /// What is to be asked for, of a webhook that only names what has changed; when its row is new.
  package var named: [WebhookSubject]
  /// About how much memory it holds while it waits.
  package var size: Int
}

/// What intake makes of webhooks, besides what they say.
package struct IntakeRules: Sendable {
  /// `ENABLE_WEBHOOKS`: without it what is said of orders is kept and skipped, since orders come by polling.
  package var areOrdersTaken: Bool
  /// What is older was said before: somebody sends it again.
  package var maxAge: Duration

  package init(areOrdersTaken: Bool, maxAge: Duration) {
    self.areOrdersTaken = areOrdersTaken
    self.maxAge = maxAge
  }

  /// Decides what becomes of a webhook that came at `now`.
  package func arrival(
    of reading: WebhookReading, for connection: MarketplaceConnection, size: Int, at now: Timestamp
  ) -> Arrival {
    switch reading {
    case .items(let items):
      let kept = items.map { item in reasonToSkip(item, connection, now).map { item.skipped($0) } ?? item }
      return Arrival(connection: connection, items: kept, named: [], size: size)
    case .fetch(let raw, let subjects):
      let wanted = subjects.filter { areOrdersTaken || !$0.isOrder }
      let reason = reasonToSkip(raw, connection, now) ?? (wanted.isEmpty ? Self.ordersArePolled : nil)
      let meaning = reason ?? "names what has changed; a poll job asks for it"
      let item = FeedItem(raw: raw, meaning: .skipped(meaning))
      return Arrival(connection: connection, items: [item], named: reason == nil ? wanted : [], size: size)
    }
  }

  private static let ordersArePolled = "orders come by polling: ENABLE_WEBHOOKS is false"

  private func reasonToSkip(
    _ item: FeedItem, _ connection: MarketplaceConnection, _ now: Timestamp
  ) -> String? {
    guard case .event(let event) = item.meaning else { return nil }
    if !areOrdersTaken, event.type.subjectKind == .order { return Self.ordersArePolled }
    return reasonToSkip(item.raw, connection, now)
  }

  private func reasonToSkip(
    _ raw: RawEvent, _ connection: MarketplaceConnection, _ now: Timestamp
  ) -> String? {
    if !connection.isEnabled { return "the connection is disabled" }
    guard raw.occurredAt < now - maxAge else { return nil }
    return "older than \(maxAge.components.seconds / 3_600) hours"
  }
}

extension WebhookSubject {
  fileprivate var isOrder: Bool {
    switch self {
    case .order, .feed(.orders), .feed(.orderEvents): true
    case .listing, .feed: false
    }
  }
}

extension FeedItem {
  fileprivate func skipped(_ reason: String) -> FeedItem { FeedItem(raw: raw, meaning: .skipped(reason)) }
}
