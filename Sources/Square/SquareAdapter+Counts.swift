import Events
import JSON
import Marketplaces
import Time

/// How many of each variation every location has in stock.
struct SquareCounts: Equatable {
  /// By variation. Nil stands for a count that is not a whole number.
  private(set) var levels: [String: [String: Int?]] = [:]
  /// When the newest count of each was made.
  private(set) var madeAt: [String: Timestamp] = [:]
  /// The moment of the answer, by Square's clock.
  var date: Timestamp?

  mutating func add(_ counts: JSON) {
    for count in counts.array where count["state"].text ?? "IN_STOCK" == "IN_STOCK" {
      guard let id = count["catalog_object_id"].text, let location = count["location_id"].text else {
        continue
      }
      let quantity = count["quantity"].integer.flatMap { Int32(exactly: $0) }.map { Int($0) }
      levels[id, default: [:]][location] = .some(quantity)
      if let made = count["calculated_at"].timestamp { madeAt[id] = max(madeAt[id] ?? made, made) }
    }
  }

  /// Over all locations; nil when there is no count, or one that is not a whole number.
  func total(of id: String) -> Int? {
    guard let levels = levels[id], !levels.isEmpty else { return nil }
    return levels.values.reduce(Int?.some(0)) { sum, level in
      sum.flatMap { sum in level.map { sum + $0 } }
    }
  }
}

extension SquareAdapter {
  /// The counts of these variations, at most a thousand.
  func counts(of ids: [String], calls: inout Int) async throws(MarketplaceError) -> SquareCounts {
    var counts = SquareCounts()
    guard !ids.isEmpty else { return counts }
    var cursor: String?
    repeat {
      calls += 1
      let answer = try await post(
        "/v2/inventory/counts/batch-retrieve",
        [
          "catalog_object_ids": .array(ids.map(JSON.string)), "states": ["IN_STOCK"], "limit": 1000,
          "cursor": .text(cursor),
        ])
      counts.add(answer.json["counts"])
      // Of several pages the first moment is the careful one: what is sold later is booked by itself.
      counts.date = counts.date ?? answer.date
      cursor = answer.json["cursor"].text.flatMap { $0.isEmpty ? nil : $0 }
    } while cursor != nil
    return counts
  }

  // MARK: Changes

  /// How far each reading of changed counts goes back behind the last. What is read twice has the same id.
  static let countLag = Duration.seconds(5)

  /// The counts that changed after the cursor. A count is of one location; what is told is the whole listing, so all
  /// of its counts are read, together with the others of the page. One that changed in the very second of the answer
  /// is left to the next reading: the moment of the reading, in whole seconds, would lie before its last sale.
  func changedCounts(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try CountPlace(request.cursor)
    let answer = try await post(
      "/v2/inventory/counts/batch-retrieve",
      [
        "updated_after": .time(place.since.map { $0 - Self.countLag }), "states": ["IN_STOCK"],
        "limit": .integer(min(max(request.limit, 1), 1000)), "cursor": .text(place.cursor),
      ])
    var calls = 1
    var changed = SquareCounts()
    changed.add(answer.json["counts"])
    let settled = changed.madeAt.filter { $0.value < answer.date }
    let ids = settled.keys.sorted()
    let whole = try await counts(of: ids, calls: &calls)
    let skus = try await skus(of: Set(ids), calls: &calls)
    let items = ids.compactMap { id in
      item(of: id, sku: skus[id] ?? nil, whole, noticedAt: answer.date)
    }
    let next = place.next(after: answer.json, newest: settled.values.max())
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next?.cursor == nil, observedAt: answer.date, calls: calls
    )
  }

  /// Nil when it changed once more in the meantime: then it comes again.
  private func item(of id: String, sku: String?, _ counts: SquareCounts, noticedAt: Timestamp) -> FeedItem? {
    guard let made = counts.madeAt[id], let moment = counts.date, made < moment else { return nil }
    let raw = RawEvent(
      id: "count/\(id)@\(made)#\(counts.total(of: id).map { String($0) } ?? "")", type: "COUNT_CHANGED",
      occurredAt: made,
      payload: .object((counts.levels[id] ?? [:]).mapValues { $0.map { .integer($0) } ?? nil }))
    guard let quantity = counts.total(of: id) else {
      return FeedItem(raw: raw, meaning: .failed("the count of \(id) is not a whole number"))
    }
    let inventory = Inventory(
      listingId: id, sku: sku, locationId: nil, quantity: quantity, asOf: moment)
    let event = connection.event(
      id: connection.messageId(raw.id), type: .inventoryUpdated, time: made, change: "changed",
      observedAt: moment, .inventory(inventory))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}

/// A place among the counts by the time they were made.
struct CountPlace: Equatable {
  /// Every count that was made up to then was read.
  var since: Timestamp?
  /// Square's cursor within a walk that began at `since`.
  var cursor: String?

  init(since: Timestamp?, cursor: String? = nil) {
    self.since = since
    self.cursor = cursor
  }

  init(_ text: String?) throws(MarketplaceError) {
    guard let text else {
      self.init(since: nil)
      return
    }
    let parts = text.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
    let since = parts.first.flatMap { Timestamp(String($0)) }
    guard since != nil || parts.first?.isEmpty == true else {
      throw .malformed("'\(text)' is not a place among the counts")
    }
    self.init(since: since, cursor: parts.count > 1 ? String(parts[1]) : nil)
  }

  var text: String { (since?.description ?? "") + (cursor.map { "|" + $0 } ?? "") }

  /// Where to go on after a page; nil leaves everything as it is. A walk's own newest count is only known at its end,
  /// so the next walk begins where the last page's newest lies, or where this one began.
  func next(after page: JSON, newest: Timestamp?) -> CountPlace? {
    if let cursor = page["cursor"].text, !cursor.isEmpty { return CountPlace(since: since, cursor: cursor) }
    return [newest, since].compactMap { $0 }.max().map { CountPlace(since: $0) }
  }
}
