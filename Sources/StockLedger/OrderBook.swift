import Events
import Foundation
import Postgres

/// Names an order among all connections.
struct OrderName: Hashable, Comparable {
  var connection: String
  var external: String

  static func < (left: OrderName, right: OrderName) -> Bool {
    (left.connection, left.external) < (right.connection, right.external)
  }
}

/// The orders of one batch: their versions before it and with it.
///
/// An order that nobody has seen costs one insert, sent with the batch's claim. Only for an order that is known
/// already are the stored versions locked, read and written again.
struct OrderBook {
  struct Entry {
    var before = OrderVersions()
    var after = OrderVersions()
    /// `reference_id` of its history.
    var number: String?
    /// Whether its marketplace merges orders, so that its lines may be another order's too.
    var canMerge = true
  }

  /// An order that changed, with its steps before the batch and with it.
  typealias Sold = (name: OrderName, entry: Entry, before: Steps, after: Steps)

  private(set) var entries: [OrderName: Entry] = [:]
  private var inserted: Reply?
  private var lines = SharedLines()

  /// Adds a version that came in this batch.
  mutating func add(_ version: OrderVersion, of order: Order, in event: Event) {
    let name = OrderName(connection: event.connectionId, external: order.externalId)
    var entry = entries[name] ?? Entry(canMerge: Platform(rawValue: event.platform)?.mergesOrders ?? false)
    entry.after.insert(version)
    entry.number = entry.number ?? order.number
    entries[name] = entry
  }

  /// Queues the insert of the orders, as if all of them were new.
  mutating func send(on connection: Connection) throws(PostgresError) {
    guard !entries.isEmpty else { return }
    let names = entries.keys.sorted()
    let versions = names.map { entries[$0]?.after.stored ?? "[]" }
    inserted = try connection.send(
      """
      INSERT INTO stock_orders (connection_id, external_id, versions)
      SELECT connection_id, external_id, versions
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS o(connection_id, external_id, versions)
      ON CONFLICT DO NOTHING RETURNING connection_id, external_id
      """, [names.map(\.connectionId), names.map(\.external), versions])
    try lines.send(of: entries, on: connection)
  }

  /// Locks and reads the orders that were known, adds their new versions to the stored set, and takes in the
  /// orders that share a line with one of them.
  mutating func load(on connection: Connection) throws {
    guard let inserted else { return }
    var known = Set(entries.keys)
    for row in try connection.receive(inserted) {
      known.remove(OrderName(connection: row.uuid(0).text, external: row.text(1)))
    }
    try merge(known, on: connection)
    try lines.receive(on: connection)
    while true {
      let strangers = try lines.strangers(besides: entries, on: connection)
      if strangers.isEmpty { return }
      for name in strangers { entries[name] = Entry() }
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
      """, [sorted.map(\.connectionId), sorted.map(\.external)])
    var changed: [(name: OrderName, versions: OrderVersions)] = []
    for row in rows {
      let name = OrderName(connection: row.uuid(0).text, external: row.text(1))
      guard let stored = OrderVersions(stored: row.text(2)), var entry = entries[name] else {
        throw PostgresError(kind: .other, message: "the versions of order \(name.external) can't be read")
      }
      entry.before = stored
      entry.after = OrderVersions(stored.all + entry.after.all)
      entries[name] = entry
      if entry.after != stored { changed.append((name, entry.after)) }
    }
    guard !changed.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE stock_orders o SET versions = n.versions
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(connection_id, external_id, versions)
       WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id
      """,
      [changed.map(\.name.connectionId), changed.map(\.name.external), changed.map(\.versions.stored)])
  }

  /// For each order that changed: what it sold before, and what it sells now.
  func steps() -> [Sold] {
    var result: [Sold] = []
    for group in lines.groups(of: entries.keys) {
      if group.count == 1, let name = group.first, let entry = entries[name] {
        if entry.before == entry.after { continue }
        result.append((name, entry, OrderSteps.of(entry.before), OrderSteps.of(entry.after)))
        continue
      }
      let members = group.compactMap { name in entries[name].map { (name, $0) } }
      let before = OrderSteps.of(
        group: Dictionary(members.map { ($0.0.external, $0.1.before) }) { $1 })
      let after = OrderSteps.of(group: Dictionary(members.map { ($0.0.external, $0.1.after) }) { $1 })
      for (name, entry) in members {
        result.append(
          (name, entry, before[name.external] ?? [:], after[name.external] ?? [:]))
      }
    }
    return result
  }
}

extension OrderName {
  /// The connection as Postgres takes it; events have checked that it is a UUID.
  var connectionId: UUID? { UUID(text: connection) }
}
