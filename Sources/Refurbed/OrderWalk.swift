import JSON
import Marketplaces
import Time

/// A place in the walk over the orders that may have changed. It ends at what was released after the marketplace's clock
/// at its beginning, so that it ends although orders keep coming.
struct OrderWalk: Equatable {
  var from: Timestamp
  /// Nil until the first page has told the marketplace's clock.
  var until: Timestamp?
  /// The id of the last order that was read.
  var after: String?

  /// How long after its release an order may still change: refunds and returns are over by then.
  static let lifetime = Duration.seconds(30 * 86_400)

  init(_ request: FeedRequest, begin: Timestamp?) throws(MarketplaceError) {
    guard let window = request.window else {
      throw .unsupported("Refurbed's orders are read by windows of time")
    }
    from = max(min(window.from, window.to - Self.lifetime), begin ?? .epoch)
    guard let cursor = request.cursor else { return }
    let parts = cursor.split(separator: "|")
    guard parts.count == 2, let until = Timestamp(parts[0]) else {
      throw .malformed("'\(cursor)' is not a place in the list of orders")
    }
    self.until = until
    after = String(parts[1])
  }

  var text: String { "\(until ?? from)|\(after ?? "")" }

  var filter: JSON {
    var released: JSON = ["ge": .time(from)]
    if let until { released["le"] = .time(until) }
    return ["released_at": released]
  }

  /// Where to go on after a page; nil at the end of the walk.
  func next(after orders: [JSON], hasMore: Bool, at now: Timestamp) -> OrderWalk? {
    guard hasMore, let last = orders.last?["id"].text, !last.isEmpty, last != after else { return nil }
    var next = self
    // The clock of an answer is cut to seconds.
    (next.until, next.after) = (until ?? now + .seconds(1), last)
    return next
  }
}
