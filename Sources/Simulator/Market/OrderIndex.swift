import Time

/// The orders by the times that listings of orders are sorted and narrowed by.
struct OrderIndex: Sendable {
  enum Key: Sendable {
    case bought, updated
  }

  struct Entry: Sendable {
    let time: Timestamp
    let order: Int
  }

  /// Both ascending. An order is in `updates` once per time of update; only its last is valid.
  private var purchases: [Entry] = []
  private var updates: [Entry] = []

  mutating func bought(_ order: Int, at time: Timestamp) {
    Self.insert(Entry(time: time, order: order), into: &purchases)
  }

  mutating func updated(_ order: Int, at time: Timestamp) {
    Self.insert(Entry(time: time, order: order), into: &updates)
  }

  /// The entries between the two times, both inclusive.
  func entries(by key: Key, from: Timestamp?, to: Timestamp?) -> ArraySlice<Entry> {
    let entries = key == .bought ? purchases : updates
    let low = from.map { from in Self.firstIndex(in: entries) { $0.time >= from } } ?? 0
    let high = to.map { to in Self.firstIndex(in: entries) { $0.time > to } } ?? entries.count
    return entries[low..<max(low, high)]
  }

  /// New entries are nearly always the last.
  private static func insert(_ entry: Entry, into entries: inout [Entry]) {
    if let last = entries.last, last.time > entry.time {
      entries.insert(entry, at: firstIndex(in: entries) { $0.time > entry.time })
    } else {
      entries.append(entry)
    }
  }

  private static func firstIndex(in entries: [Entry], where isBehind: (Entry) -> Bool) -> Int {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if isBehind(entries[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// What a listing of orders is narrowed to.
struct OrderQuery {
  var sortedBy = OrderIndex.Key.bought
  var descending = true
  var offset = 0
  var limit = 100
  var updatedFrom: Timestamp?
  var updatedTo: Timestamp?
  var boughtFrom: Timestamp?
  var boughtTo: Timestamp?
}

extension Market {
  /// The present order of that number; nil when there is none.
  func order(numbered text: String) -> Order? {
    guard let place = Int(text).map({ $0 - Order.firstNumber }), orders.indices.contains(place),
      orders[place].mergedInto == nil
    else { return nil }
    return orders[place]
  }

  /// The page of present orders that the query names, and how many there are in all.
  func orders(_ query: OrderQuery, where isWanted: (Order) -> Bool) -> (page: [Int], total: Int) {
    let isByUpdate = query.sortedBy == .updated
    let entries = index.entries(
      by: query.sortedBy, from: isByUpdate ? query.updatedFrom : query.boughtFrom,
      to: isByUpdate ? query.updatedTo : query.boughtTo)
    var page: [Int] = []
    var total = 0
    func visit(_ entry: OrderIndex.Entry) {
      let order = orders[entry.order]
      guard order.mergedInto == nil else { return }
      let updatedAt = order.latest.updatedAt
      if isByUpdate {
        guard updatedAt == entry.time, order.lastBoughtAt.isWithin(query.boughtFrom, query.boughtTo) else {
          return
        }
      } else {
        guard updatedAt.isWithin(query.updatedFrom, query.updatedTo) else { return }
      }
      guard isWanted(order) else { return }
      if total >= query.offset, page.count < query.limit { page.append(entry.order) }
      total += 1
    }
    if query.descending { entries.reversed().forEach(visit) } else { entries.forEach(visit) }
    return (page, total)
  }
}

extension Timestamp {
  func isWithin(_ from: Timestamp?, _ to: Timestamp?) -> Bool {
    if let from, self < from { return false }
    if let to, self > to { return false }
    return true
  }
}
