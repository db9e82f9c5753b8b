package import Events
package import JSON
package import Marketplaces
package import Postgres
package import Time

import struct Foundation.UUID

/// An order as `orders` has it, with the connection it belongs to: what an event about it is made of when its caller
/// brings no order.
package struct StoredOrder: Sendable {
  package var account: MarketplaceConnection
  /// Without its lines.
  package var order: Order
  package var observedAt: Timestamp

  /// The orders of these numbers; those of a connection that is gone are left out.
  package static func read(_ ids: [Int], on connection: Connection) throws -> [StoredOrder] {
    let rows = try connection.query(
      """
      SELECT o.external_id, o.number, o.status, o.financial_status, o.fulfillment_status, o.placed_at,
             o.source_updated_at, o.cancelled_at, o.currency, o.total::text, o.tax::text, o.shipping::text,
             o.buyer, o.shipping_address, o.tracking, o.observed_at, \(columns)
        FROM orders o JOIN platform_connections c ON c.id = o.connection_id
       WHERE o.id = ANY($1) ORDER BY o.id
      """, [ids])
    return try rows.map { row in
      StoredOrder(
        account: try ConnectionRow.read(row, offset: 16), order: order(row), observedAt: row.timestamp(15))
    }
  }

  private static let columns = ConnectionRow.columns.split(separator: ", ").map { "c.\($0)" }
    .joined(separator: ", ")

  private static func order(_ row: Row) -> Order {
    let buyer = json(row, 12)
    return Order(
      externalId: row.text(0), number: row.optionalText(1),
      status: OrderStatus(rawValue: row.text(2)) ?? .new,
      financialStatus: row.optionalText(3), fulfillmentStatus: row.optionalText(4),
      placedAt: row.optionalTimestamp(5), updatedAt: row.timestamp(6), cancelledAt: row.optionalTimestamp(7),
      currency: row.optionalText(8), total: row.optionalText(9).flatMap { Money($0) },
      tax: row.optionalText(10).flatMap { Money($0) }, shipping: row.optionalText(11).flatMap { Money($0) },
      buyer: buyer.isNull
        ? nil
        : Buyer(externalId: buyer["externalId"].text, name: buyer["name"].text, email: buyer["email"].text),
      shippingAddress: json(row, 13),
      tracking: json(row, 14).array.map {
        Tracking(carrier: $0["carrier"].text, number: $0["number"].text, url: $0["url"].text)
      }, lines: nil)
  }

  private static func json(_ row: Row, _ column: Int) -> JSON {
    row.isNull(column) ? .null : (try? JSON.parse(row.bytes(column))) ?? .null
  }

  /// An event of this order under an id of ours, which the same happening always has. It is observed after what is
  /// known, so that of two versions of one time it is the later one.
  package func event(_ kind: OrderEventKind, id: String, data: JSON, at now: Timestamp) -> Event {
    account.event(
      id: account.messageId(id), type: kind.type, time: now, change: nil,
      observedAt: max(now, observedAt + .microseconds(1)), kind.payload(about: order, data: data, at: now))
  }
}
