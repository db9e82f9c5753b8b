import Time

/// A marketplace's journal of events: what was announced becomes visible later, and in another order.
///
/// The id is given when an event becomes visible, so that nothing ever appears behind a cursor.
struct Feed<Content: Sendable>: Sendable {
  struct Entry: Sendable {
    /// The microsecond at which it became visible; strictly ascending.
    let id: Int64
    let occurredAt: Timestamp
    let content: Content
  }

  private var announced = TimeQueue<(occurredAt: Timestamp, content: Content)>()
  private var entries: [Entry] = []
  private var dropped = 0
  private let retention: Duration

  init(retention: Duration) {
    self.retention = retention
  }

  var last: Entry? { entries.count > dropped ? entries.last : nil }
  var count: Int { entries.count - dropped }
  var announcedCount: Int { announced.count }

  mutating func announce(_ content: Content, occurredAt: Timestamp, visibleAt: Timestamp) {
    announced.add((occurredAt, content), at: visibleAt)
  }

  /// Makes visible what is due, and forgets what is older than the retention.
  mutating func reveal(until now: Timestamp) {
    while let (time, event) = announced.next(until: now) { append(event, visibleAt: time) }
    let horizon = (now - retention).microseconds
    while dropped < entries.count, entries[dropped].id < horizon { dropped += 1 }
    if dropped > 4096, dropped > entries.count / 2 {
      entries.removeFirst(dropped)
      dropped = 0
    }
  }

  /// Lets nothing wait longer than until then.
  mutating func hasten(to latest: Timestamp) {
    var hastened = TimeQueue<(occurredAt: Timestamp, content: Content)>()
    while let (time, event) = announced.next(until: Timestamp(microseconds: .max)) {
      hastened.add(event, at: min(time, latest))
    }
    announced = hastened
  }

  /// The first events behind the cursor, or the oldest there are.
  func page(after cursor: Int64?, limit: Int, where isWanted: (Entry) -> Bool = { _ in true }) -> [Entry] {
    var index = cursor.map(firstIndex(after:)) ?? dropped
    var page: [Entry] = []
    while index < entries.count, page.count < limit {
      if isWanted(entries[index]) { page.append(entries[index]) }
      index += 1
    }
    return page
  }

  private mutating func append(_ event: (occurredAt: Timestamp, content: Content), visibleAt: Timestamp) {
    let id = max(visibleAt.microseconds, (entries.last?.id ?? 0) + 1)
    entries.append(Entry(id: id, occurredAt: event.occurredAt, content: event.content))
  }

  private func firstIndex(after id: Int64) -> Int {
    var (low, high) = (dropped, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if entries[middle].id > id { high = middle } else { low = middle + 1 }
    }
    return low
  }
}

/// What an order event tells.
struct OrderNews: Sendable {
  let order: Int
  let version: Int
  let milestone: Milestone
}

/// What an offer event tells; the number is the listing's place in the market.
enum OfferNews: Sendable {
  case stock(Int)
  case price(Int)
  case details(Int)
  case soldOut(Int)
  case backInStock(Int)
  /// Of an offer that never existed.
  case stranger(Int64)
}
