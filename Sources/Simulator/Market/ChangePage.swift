import JSON
import Time

/// A page of things in the order of their last change. Its cursor names the time and place of the last one, so that
/// what changes while somebody reads on only moves behind.
struct ChangePage {
  /// Places in the market's orders or listings.
  let places: [Int]
  let hasMore: Bool
  /// Behind the last; nil when the page is empty.
  let cursor: String?

  init(_ entries: [(at: Timestamp, place: Int)], after: String?, limit: Int, isReversed: Bool = false) {
    let sorted = entries.sorted { one, other in
      isReversed
        ? (other.at, other.place) < (one.at, one.place) : (one.at, one.place) < (other.at, other.place)
    }
    let parts = (after ?? "").split(separator: "/").compactMap { Int64($0) }
    let rest = sorted.drop { entry in
      parts.count == 2 && (entry.at.microseconds, Int64(entry.place)) <= (parts[0], parts[1])
    }
    let page = rest.prefix(max(0, limit))
    places = page.map(\.place)
    hasMore = rest.count > page.count
    cursor = page.last.map { "\($0.at.microseconds)/\($0.place)" }
  }
}
