import Events
import Foundation
import JSON
import Postgres

/// Lines that more than one order claims: a marketplace that merges orders gives a line to another order under the
/// same id, and the old order then answers 404 (Rule 5).
///
/// Nothing is kept of marketplaces that don't merge: there a line is its order's for ever.
struct SharedLines {
  private struct Line: Hashable, Comparable {
    var connection: UUID
    var id: String
    static func < (left: Line, right: Line) -> Bool {
      (left.connection, left.id) < (right.connection, right.id)
    }
  }

  private var claims: [Line: Set<OrderName>] = [:]
  /// Who claims a line, for the lines that more than one order claims.
  private var sharers: [Line: Set<OrderName>] = [:]
  private var inserted: Reply?

  /// Queues the claims of all lines, as if nobody had claimed them.
  mutating func send(of entries: [OrderBook.Entry], on connection: Connection) throws(PostgresError) {
    for entry in entries where entry.canMerge {
      for id in entry.after.lineIds {
        claims[Line(connection: entry.name.connection, id: id), default: []].insert(entry.name)
      }
    }
    guard !claims.isEmpty else { return }
    let lines = claims.keys.sorted()
    inserted = try connection.send(
      """
      INSERT INTO stock_lines (connection_id, line_id, orders)
      SELECT connection_id, line_id, ARRAY[order_id]
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS l(connection_id, line_id, order_id)
      ON CONFLICT DO NOTHING RETURNING connection_id, line_id
      """,
      [
        lines.map(\.connection), lines.map(\.id),
        lines.map { claims[$0]?.min()?.external ?? "" },
      ])
  }

  /// Looks at the lines that somebody had claimed before.
  mutating func receive(on connection: Connection) throws {
    guard let inserted else { return }
    var contested = Set(claims.keys)
    for row in try connection.receive(inserted) {
      let line = Line(connection: row.uuid(0), id: row.text(1))
      if claims[line]?.count == 1 { contested.remove(line) }
    }
    try contest(contested, on: connection)
  }

  /// The orders that share a line with one of these, themselves perhaps among them. Asked again with the new ones,
  /// until there are no more; the lines of older versions are looked at too.
  mutating func strangers(of entries: [OrderBook.Entry], on connection: Connection) throws -> Set<OrderName> {
    var more: Set<Line> = []
    for entry in entries where entry.canMerge && !entry.before.isEmpty {
      for id in entry.before.lineIds {
        let line = Line(connection: entry.name.connection, id: id)
        if claims[line, default: []].insert(entry.name).inserted { more.insert(line) }
      }
    }
    try contest(more, on: connection)
    return Set(sharers.values.joined())
  }

  /// Locks the lines, adds our claims to those stored, and remembers which are shared.
  private mutating func contest(_ lines: Set<Line>, on connection: Connection) throws {
    guard !lines.isEmpty else { return }
    let sorted = lines.sorted()
    let rows = try connection.query(
      """
      SELECT l.connection_id, l.line_id, array_to_json(l.orders)::jsonb
        FROM unnest($1::uuid[], $2::text[]) AS n(connection_id, line_id)
        JOIN stock_lines l ON l.connection_id = n.connection_id AND l.line_id = n.line_id
         FOR UPDATE OF l
      """, [sorted.map(\.connection), sorted.map(\.id)])
    var additions: [(line: Line, order: String)] = []
    for row in rows {
      let line = Line(connection: row.uuid(0), id: row.text(1))
      let stored = Set(
        row.orders(2).map { OrderName(connection: line.connection, external: $0) })
      for name in (claims[line] ?? []).subtracting(stored).sorted() {
        additions.append((line, name.external))
      }
      let all = stored.union(claims[line] ?? [])
      if all.count > 1 { sharers[line] = all }
    }
    guard !additions.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE stock_lines l SET orders = l.orders || n.orders
        FROM (SELECT connection_id, line_id, array_agg(order_id) AS orders
                FROM unnest($1::uuid[], $2::text[], $3::text[]) AS a(connection_id, line_id, order_id)
               GROUP BY connection_id, line_id) AS n
       WHERE l.connection_id = n.connection_id AND l.line_id = n.line_id
      """,
      [
        additions.map(\.line.connection), additions.map(\.line.id),
        additions.map(\.order),
      ])
  }

  /// The orders that are linked by shared lines, in groups.
  var groups: [Set<OrderName>] {
    var groups: [Set<OrderName>] = []
    for linked in sharers.values {
      var group = linked
      groups.removeAll { other in
        if other.isDisjoint(with: group) { return false }
        group.formUnion(other)
        return true
      }
      groups.append(group)
    }
    return groups
  }
}

extension OrderVersions {
  fileprivate var lineIds: Set<String> { Set(all.lazy.compactMap(\.lines).joined().map(\.id)) }
}

extension Row {
  fileprivate func orders(_ column: Int) -> [String] {
    ((try? JSON.parse(bytes(column)))?.array ?? []).compactMap(\.text)
  }
}
