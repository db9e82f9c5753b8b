import Events
import JSON
import Marketplaces
import Testing
import Time

/// What a feed gave when it was walked from its beginning to its end.
struct Walk: Sendable {
  var items: [FeedItem] = []
  var listings: [Listing] = []

  /// Nil when the account doesn't have the feed, as its features could not know.
  static func through(_ feed: Feed, of bench: Bench, limit: Int) async throws -> Walk? {
    let now = Timestamp.now()
    let window =
      feed.shape == .window ? FeedRequest.Window(from: now - .seconds(3_600), to: now + .seconds(60)) : nil
    var walk = Walk()
    var cursor: String?
    for _ in 1...2_000 {
      let request = FeedRequest(feed: feed, cursor: cursor, window: window, limit: limit)
      let page: FeedPage
      do { page = try await bench.patiently({ try await $0.page(request) }) } catch MarketplaceError.notFound
      {
        return nil
      }
      walk.items += page.items
      walk.listings += page.listings
      #expect(page.items.count <= max(limit, page.listings.count) * 8, "a page is far over its limit")
      if page.isLast { return walk }
      try #require(page.nextCursor != cursor, "a page that is not the last leads nowhere")
      cursor = page.nextCursor
    }
    Issue.record("\(feed) does not end")
    return walk
  }

  var events: [Event] { items.compactMap(\.event) }

  /// The orders as the last of their versions has them.
  var orders: [String: Order] {
    var latest: [String: Order] = [:]
    for order in events.compactMap(\.order) {
      guard let known = latest[order.externalId] else {
        latest[order.externalId] = order
        continue
      }
      if Self.key(known) <= Self.key(order) { latest[order.externalId] = order }
    }
    return latest
  }

  private static func key(_ order: Order) -> (Timestamp, Int) {
    (order.updatedAt ?? .epoch, order.isCancelled ? 1 : 0)
  }
}

extension FeedItem {
  var failure: String? { if case .failed(let reason) = meaning { reason } else { nil } }
}

extension Bench {
  /// Asks again when the marketplace wants us to wait: its limits are part of it.
  func patiently<T: Sendable>(
    _ ask: @Sendable (any MarketplaceAdapter) async throws -> T
  ) async throws -> T {
    while true {
      do { return try await ask(adapter) } catch MarketplaceError.rateLimited(let wait) {
        try await Task.sleep(for: min(wait ?? .milliseconds(200), .seconds(1)))
      }
    }
  }
}

/// An order in the words of `GET /truth/orders`.
struct PlainOrder: Equatable {
  var status: String
  var lines: [String: Int]

  init(_ order: Order) {
    status = order.status == .processing ? "paid" : order.status.rawValue
    lines = (order.countedLines ?? []).reduce(into: [:]) { $0[$1.externalId] = $1.quantity - $1.restocked }
    if order.isCancelled { (status, lines) = ("cancelled", [:]) }
  }

  init(truth: JSON) {
    status = truth["status"].text ?? ""
    lines = truth["lines"].array.reduce(into: [:]) {
      $0[$1["externalId"].text ?? ""] = Int($1["quantity"].integer ?? 0)
    }
    if truth["cancelled"].bool == true { (status, lines) = ("cancelled", [:]) }
  }
}
