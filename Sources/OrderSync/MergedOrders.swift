import Events
import Foundation
import Postgres
import Time

/// Orders whose lines another order has claimed: the marketplace has merged them into it, knows them no more, and tells
/// nobody (Rule 5). They are closed, whatever is heard of them later.
///
/// A line belongs to the order that was the last to claim it, by the first version of each that was seen, cancelled and
/// ineligible ones included. Every order claims its lines when it is first seen, so that of two orders the one that comes
/// second finds the claim of the other, whichever that is.
struct MergedOrders {
  /// Names a line among all connections; sorted, it is the order of locks.
  private struct Line: Hashable, Comparable {
    var connection: UUID
    var id: String

    static func < (left: Line, right: Line) -> Bool {
      left.connection == right.connection ? left.id < right.id : left.connection < right.connection
    }
  }

  /// An order's claim to a line; the greatest one has it.
  private struct Claim: Comparable {
    var at: Timestamp
    var order: String

    static func < (left: Claim, right: Claim) -> Bool { (left.at, left.order) < (right.at, right.order) }
  }

  /// The greatest claim to each line.
  private var claims: [Line: Claim] = [:]
  /// The orders that have lost a line, with the order that has it now.
  private var merged: [OrderName: String] = [:]

  /// Claims the lines of an order that was not known, with the versions that the batch brought of it.
  mutating func claim(_ arrival: Arrivals.Arrival) {
    guard let platform = arrival.versions.first?.version.event.platform,
      Platform(rawValue: platform)?.mergesOrders ?? false,
      let first = arrival.versions.map(\.version.key.updatedAt).min()
    else { return }
    let claim = Claim(at: first, order: arrival.name.external)
    for id in Set(arrival.versions.flatMap { $0.version.order.lines?.map(\.externalId) ?? [] }) {
      let line = Line(connection: arrival.name.connection, id: id)
      guard let other = claims[line] else {
        claims[line] = claim
        continue
      }
      claims[line] = max(claim, other)
      settle(line, min(claim, other), max(claim, other))
    }
  }

  /// Notes the claims, and closes the orders that have lost a line to another. The rows of the batch's orders are
  /// written by then.
  mutating func close(on connection: Connection) throws(PostgresError) {
    guard !claims.isEmpty else { return }
    try contest(on: connection)
    guard !merged.isEmpty else { return }
    let names = merged.keys.sorted()
    _ = try connection.send(
      """
      UPDATE orders o SET merged_into = n.merged_into, status = 'cancelled', closed = true, updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::text[]) AS n(connection_id, external_id, merged_into)
       WHERE o.connection_id = n.connection_id AND o.external_id = n.external_id
      """, [names.map(\.connection), names.map(\.external), names.map { merged[$0] ?? "" }])
  }

  /// Who claims a line in vain, and who has it.
  private mutating func settle(_ line: Line, _ lesser: Claim, _ greater: Claim) {
    guard lesser.order != greater.order else { return }
    merged[OrderName(connection: line.connection, external: lesser.order)] = greater.order
  }

  /// Inserts the claims as if nobody had claimed the lines, and settles with those who had.
  private mutating func contest(on connection: Connection) throws(PostgresError) {
    var contested = Set(claims.keys)
    let inserted = try query(
      """
      INSERT INTO order_lines (connection_id, line_id, external_order_id, claimed_at)
      SELECT * FROM \(Self.unnest) ON CONFLICT DO NOTHING RETURNING connection_id, line_id
      """, claims.keys.sorted(), on: connection)
    for row in inserted { contested.remove(Line(connection: row.uuid(0), id: row.text(1))) }
    guard !contested.isEmpty else { return }
    let held = try query(
      """
      SELECT l.connection_id, l.line_id, l.external_order_id, l.claimed_at
        FROM \(Self.unnest) AS n(connection_id, line_id, external_order_id, claimed_at)
        JOIN order_lines l ON l.connection_id = n.connection_id AND l.line_id = n.line_id
         FOR UPDATE OF l
      """, contested.sorted(), on: connection)
    var won: [Line] = []
    for row in held {
      let line = Line(connection: row.uuid(0), id: row.text(1))
      let holder = Claim(at: row.timestamp(3), order: row.text(2))
      guard let claim = claims[line] else { continue }
      settle(line, min(claim, holder), max(claim, holder))
      if holder < claim && holder.order != claim.order { won.append(line) }
    }
    guard !won.isEmpty else { return }
    _ = try query(
      """
      UPDATE order_lines l SET external_order_id = n.external_order_id, claimed_at = n.claimed_at
        FROM \(Self.unnest) AS n(connection_id, line_id, external_order_id, claimed_at)
       WHERE l.connection_id = n.connection_id AND l.line_id = n.line_id
      """, won, on: connection)
  }

  private static let unnest = "unnest($1::uuid[], $2::text[], $3::text[], $4::timestamptz[])"

  private func query(
    _ sql: String, _ lines: [Line], on connection: Connection
  ) throws(PostgresError) -> Rows {
    try connection.query(
      sql,
      [
        lines.map(\.connection), lines.map(\.id), lines.map { claims[$0]?.order ?? "" },
        lines.map { claims[$0]?.at ?? .epoch },
      ])
  }
}
