import Events
import Foundation
import Postgres

/// Names an order among all connections.
struct OrderName: Hashable, Comparable {
  var connection: UUID
  var external: String

  static func < (left: OrderName, right: OrderName) -> Bool {
    left.connection == right.connection ? left.external < right.external : left.connection < right.connection
  }
}

/// The orders of one batch: their versions before it and with it.
///
/// An order that nobody has seen costs one insert, sent with the batch's claim. Only for an order that is known
/// already are the stored versions locked, read and written again.
struct OrderBook {
  struct Entry {
    let name: OrderName
    var before = OrderVersions()
    var after = OrderVersions()
    /// `reference_id` of its history.
    var number: String?
    /// Whether its marketplace merges orders, so that its lines may be another order's too.
    var canMerge = true
  }

  /// An order that changed, and by which steps it sells otherwise than before the batch.
  struct Sold {
    let entry: Entry
    let steps: [SizedStep]
  }

  /// By name, each once, as soon as they are sent.
  private var entries: [Entry] = []
  private var inserted: Reply?
  private var lines = SharedLines()

  /// Adds a version that came in this batch.
  mutating func add(_ version: OrderVersion, of order: Order, at connection: UUID, platform: String) {
    var entry = Entry(
      name: OrderName(connection: connection, external: order.externalId), number: order.number,
      canMerge: Platform(rawValue: platform)?.mergesOrders ?? false)
    entry.after.insert(version)
    entries.append(entry)
  }

  /// Brings the entries in order, those of one order together as one.
  private mutating func sort() {
    let order = entries.indices.sorted { (entries[$0].name, $0) < (entries[$1].name, $1) }
    var sorted: [Entry] = []
    sorted.reserveCapacity(entries.count)
    for index in order {
      if let last = sorted.indices.last, sorted[last].name == entries[index].name {
        for version in entries[index].after.all { sorted[last].after.insert(version) }
        sorted[last].number = sorted[last].number ?? entries[index].number
      } else {
        sorted.append(entries[index])
      }
    }
    entries = sorted
  }

  private func index(of name: OrderName) -> Int? {
    var range = 0..<entries.count
    while let middle = range.dropFirst(range.count / 2).first {
      if entries[middle].name == name { return middle }
      range = entries[middle].name < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
    }
    return nil
  }

  /// Queues the insert of the orders, as if all of them were new.
  mutating func send(on connection: Connection) throws(PostgresError) {
    guard !entries.isEmpty else { return }
    sort()
    inserted = try connection.send(
      """
      INSERT INTO stock_orders (connection_id, external_id, versions)
      SELECT connection_id, external_id, versions
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS o(connection_id, external_id, versions)
      ON CONFLICT DO NOTHING RETURNING connection_id, external_id
      """,
      [
        Column(entries) { $0.name.connection }, Column(entries) { $0.name.external },
        Column(entries) { Text($0.after.stored) },
      ])
    try lines.send(of: entries, on: connection)
  }

  /// Locks and reads the orders that were known, adds their new versions to the stored set, and takes in the
  /// orders that share a line with one of them.
  mutating func load(on connection: Connection) throws {
    guard let inserted else { return }
    let new = try connection.receive(inserted)
    if new.count < entries.count {
      var known = Set(entries.map(\.name))
      for row in new { known.remove(OrderName(connection: row.uuid(0), external: row.text(1))) }
      try merge(known, on: connection)
    }
    try lines.receive(on: connection)
    while true {
      let strangers = try lines.strangers(of: entries, on: connection).filter { index(of: $0) == nil }
      if strangers.isEmpty { return }
      entries += strangers.map { Entry(name: $0) }
      sort()
      try merge(strangers, on: connection)
    }
  }

  private mutating func merge(_ names: Set<OrderName>, on connection: Connection) throws {
    guard !names.isEmpty else { return }
    let sorted = names.sorted()
    let rows = try connection.query(
      """
      SELECT o.connection_id, o.external_id, o.versions
        FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, external_id)
        JOIN stock_orders o ON o.connection_id = n.connection_id AND o.external_id = n.external_id
         FOR UPDATE OF o
      """, [sorted.map(\.connection), sorted.map(\.external)])
    var changed: [Entry] = []
    for row in rows {
      let name = OrderName(connection: row.uuid(0), external: row.text(1))
      guard let stored = OrderVersions(stored: row.text(2)), let index = index(of: name) else {
        throw PostgresError(kind: .other, message: "the versions of order \(name.external) can't be read")
      }
      entries[index].before = stored
      entries[index].after = OrderVersions(stored.all + entries[index].after.all)
      if entries[index].after != stored { changed.append(entries[index]) }
    }
    guard !changed.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE stock_orders o SET versions = n.versions
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(connection_id, external_id, versions)
       WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id
      """,
      [
        changed.map(\.name.connection), changed.map(\.name.external),
        Column(changed) { Text($0.after.stored) },
      ])
  }

  /// The orders that changed: first those that share lines with others, group by group.
  func sold() -> [Sold] {
    let groups = lines.groups
    var result: [Sold] = []
    result.reserveCapacity(entries.count)
    for group in groups {
      let members = group.sorted().compactMap { index(of: $0).map { entries[$0] } }
      let before = OrderSteps.of(group: Dictionary(members.map { ($0.name.external, $0.before) }) { $1 })
      let after = OrderSteps.of(group: Dictionary(members.map { ($0.name.external, $0.after) }) { $1 })
      for entry in members {
        result.append(
          Sold(
            entry: entry,
            steps: OrderSteps.difference(
              from: before[entry.name.external] ?? [:], to: after[entry.name.external] ?? [:])))
      }
    }
    let grouped = Set(groups.joined())
    for entry in entries where entry.before != entry.after && !grouped.contains(entry.name) {
      result.append(Sold(entry: entry, steps: OrderSteps.difference(from: entry.before, to: entry.after)))
    }
    return result
  }
}
