package import Events
package import JSON
package import Marketplaces
package import Polling
package import Time

/// Polls a feed as the poll worker does, window after window, and remembers the greatest version of every order.
package struct Follower {
  package let adapter: any MarketplaceAdapter
  package let feed: Feed
  package let limit: Int
  package private(set) var position = FeedPosition()
  package private(set) var orders: [String: Event] = [:]
  /// Every event, by its id.
  package private(set) var events: [String: Event] = [:]
  package private(set) var problems: [String] = []
  package private(set) var pages = 0

  package init(_ adapter: any MarketplaceAdapter, _ feed: Feed = .orders, limit: Int = 20) {
    (self.adapter, self.feed, self.limit) = (adapter, feed, limit)
  }

  /// Walks one window to its end; `most` pages are more than that can take.
  package mutating func poll(at now: Timestamp, floor: Timestamp, most: Int = 500) async throws {
    for _ in 0..<most {
      position.open(feed, at: now, lookback: .seconds(10), overlap: .seconds(10), floor: floor)
      let page = try await adapter.page(position.request(feed, limit: limit))
      pages += 1
      for item in page.items { take(item) }
      position = position.after(page, of: feed)
      if page.isLast { return }
    }
    problems.append("the walk does not end")
  }

  /// Follows the shop through so many windows, two seconds apart, and then what is left once it is quiet. Answers the
  /// truth about its orders.
  package mutating func follow(_ shop: ShopTransport, windows: Int = 12) async throws -> [JSON] {
    let begin = shop.now
    for _ in 0..<windows {
      shop.wait(.seconds(2))
      try await poll(at: shop.now, floor: begin)
    }
    shop.stop()
    try await poll(at: shop.now, floor: begin)
    return try shop.orders()
  }

  package mutating func take(_ item: FeedItem) {
    switch item.meaning {
    case .failed(let problem): problems.append(problem)
    case .skipped: break
    case .event(let event):
      guard events[event.id] == nil else { return }
      events[event.id] = event
      guard case .order(let order) = event.subjectData else { return }
      if let known = orders[order.externalId], !Self.isLater(event, order, than: known) { return }
      orders[order.externalId] = event
    }
  }

  /// The total order of versions (Rule 4).
  private static func isLater(_ event: Event, _ order: Order, than known: Event) -> Bool {
    guard case .order(let other) = known.subjectData else { return true }
    let (left, right) = (order.updatedAt ?? event.time, other.updatedAt ?? known.time)
    if left != right { return left > right }
    if order.isCancelled != other.isCancelled { return order.isCancelled }
    return (event.observedAt ?? event.time) >= (known.observedAt ?? known.time)
  }

  /// What differs from the truth about orders (`GET /truth/orders`), one sentence each.
  package func differences(from truth: [JSON]) -> [String] {
    var sentences: [String] = []
    for json in truth {
      let id = json["externalId"].text ?? ""
      guard case .order(let order)? = orders[id]?.subjectData else {
        if json["cancelled"] != true { sentences.append("order \(id) is missing") }
        continue
      }
      let (says, is_) = (Self.summary(order), Self.summary(json))
      if says != is_ { sentences.append("order \(id): \(is_) in truth, \(says) here") }
    }
    let known = Set(truth.compactMap { $0["externalId"].text })
    return sentences + orders.keys.filter { !known.contains($0) }.map { "order \($0) does not exist" }
  }

  private static func summary(_ order: Order) -> String {
    guard !order.isCancelled else { return "cancelled" }
    let lines = (order.countedLines ?? []).map { "\($0.externalId) \($0.sku ?? "") × \($0.quantity)" }
    let status = order.status == .processing ? "paid" : order.status.rawValue
    return "\(status) \(order.total ?? .zero) \(lines.sorted())"
  }

  private static func summary(_ json: JSON) -> String {
    guard json["cancelled"] != true else { return "cancelled" }
    let lines = json["lines"].array.map { line in
      "\(line["externalId"].text ?? "") \(line["sku"].text ?? "") × \(line["quantity"].text ?? "")"
    }
    return "\(json["status"].text ?? "") \(json["total"].text ?? "") \(lines.sorted())"
  }
}

extension MarketplaceAdapter {
  /// The list of listings, from its first page to its last.
  package func listingPages(limit: Int) async throws -> [FeedPage] {
    var pages: [FeedPage] = []
    repeat {
      pages.append(
        try await page(FeedRequest(feed: .listings, cursor: pages.last?.nextCursor, limit: limit)))
    } while pages.last?.nextCursor != nil
    return pages
  }

  /// The orders that the disputes of a walk since a moment name, as often as they do.
  package func disputedOrders(since moment: Timestamp, limit: Int) async throws -> [String] {
    let window = FeedRequest.Window(from: moment, to: moment)
    var (cursor, named): (String?, [String]) = (nil, [])
    repeat {
      let page = try await page(
        FeedRequest(feed: .disputes, cursor: cursor, window: window, limit: limit))
      for event in page.events {
        if case .dispute(let dispute, _) = event.subjectData { named.append(dispute.orderId) }
      }
      cursor = page.nextCursor
    } while cursor != nil
    return named
  }

  /// How many pages of ten a walk over the orders takes while twenty more are placed with every page; 200 when it does
  /// not end.
  package func pagesOfWalk(over shop: ShopTransport) async throws -> Int {
    let window = FeedRequest.Window(from: shop.now - .seconds(60), to: shop.now)
    var (cursor, pages): (String?, Int) = (nil, 0)
    repeat {
      cursor = try await page(FeedRequest(feed: .orders, cursor: cursor, window: window, limit: 10))
        .nextCursor
      pages += 1
      shop.placeOrders(20)
      shop.wait(.seconds(1))
    } while cursor != nil && pages < 200
    return pages
  }
}

extension [FeedPage] {
  /// What is listed of each SKU, over all pages.
  package var stock: [String: Int] {
    joinedListings.reduce(into: [:]) { $0[$1.sku ?? "", default: 0] += $1.quantity ?? 0 }
  }

  package var listingIds: [String] { joinedListings.map(\.externalId) }

  private var joinedListings: [Listing] { flatMap(\.listings) }
}

extension FeedItem {
  /// The order of an item that is about one.
  package var order: Order? { if case .order(let order)? = event?.subjectData { order } else { nil } }

  /// Why an item has no event.
  package var reason: String? {
    switch meaning {
    case .skipped(let reason), .failed(let reason): reason
    case .event: nil
    }
  }
}
