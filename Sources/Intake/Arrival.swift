import Events
package import Marketplaces
package import Polling
package import Time

/// A webhook that is genuine and has been read: what is to be stored of it, and what is to be asked for.
package struct Arrival: Sendable {
  package var connection: MarketplaceConnection
  package var items: [FeedItem]
  /// Jobs that ask the marketplace, for a webhook that only names what has changed; published when the row of `named`
  /// is new.
  package var jobs: [PollJob]
  /// The row that stands for the webhook which gave the jobs.
  package var named: RawEvents.Key?
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
      return Arrival(connection: connection, items: kept, jobs: [], named: nil, size: size)
    case .fetch(let raw, let subjects):
      let wanted = subjects.filter { areOrdersTaken || !$0.isOrder }
      let reason = reasonToSkip(raw, connection, now) ?? (wanted.isEmpty ? Self.ordersArePolled : nil)
      let meaning = reason ?? "names what has changed; a poll job asks for it"
      let item = FeedItem(raw: raw, meaning: .skipped(meaning))
      let key = RawEvents.Key(connection.id, raw)
      let jobs = reason == nil ? Self.jobs(for: wanted, connection, eventId: key.eventId, now) : []
      return Arrival(connection: connection, items: [item], jobs: jobs, named: key, size: size)
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

  /// One job for all the orders, one for all the listings, one for each feed.
  private static func jobs(
    for subjects: [WebhookSubject], _ connection: MarketplaceConnection, eventId: String, _ now: Timestamp
  ) -> [PollJob] {
    var orders: Set<String> = []
    var listings: Set<String> = []
    var feeds: Set<Feed> = []
    for subject in subjects {
      switch subject {
      case .order(let id): orders.insert(id)
      case .listing(let id): listings.insert(id)
      case .feed(let feed): feeds.insert(feed)
      }
    }
    func job(_ feed: Feed, _ part: String) -> PollJob {
      PollJob(
        jobId: "webhook-\(part)@\(eventId.prefix(150))", connectionId: connection.id, feed: feed,
        expiresAt: now + .seconds(3_600), reason: .webhook)
    }
    var jobs = feeds.sorted { $0.rawValue < $1.rawValue }.map { job($0, $0.rawValue) }
    if !orders.isEmpty {
      var orderJob = job(.orders, "order")
      orderJob.orders = orders.sorted()
      jobs.append(orderJob)
    }
    if !listings.isEmpty {
      var listingJob = job(.listings, "listing")
      listingJob.listings = listings.sorted()
      jobs.append(listingJob)
    }
    return jobs
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
