import Events
import JSON
import Postgres

/// The header of an order as its row holds it.
struct OrderRecord {
  var name: OrderName
  var marketplace: Int?
  var order: Order
  var header: VersionKey
  var lines: VersionKey?

  /// nil unless the state holds the content of its header.
  init?(name: OrderName, state: OrderState, accounts: Accounts) {
    guard let version = state.header?.version else { return nil }
    self.name = name
    marketplace = accounts[name.connection]?.marketplace ?? version.event.marketplaceId
    order = version.order
    header = version.key
    lines = state.lines?.key
  }

  /// The arrays of `columns(of:)` as a table.
  static let unnest =
    """
    unnest($1::uuid[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::bool[],
      $9::text[], $10::text[], $11::text[], $12::text[], $13::jsonb[], $14::jsonb[], $15::jsonb[],
      $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::timestamptz[], $20::bigint[],
      $21::timestamptz[], $22::bool[], $23::timestamptz[], $24::bigint[])
    """

  /// Their names.
  static let columns =
    """
    connection_id, external_id, marketplace_id, number, status, financial_status, fulfillment_status, closed,
      currency, total, tax, shipping, buyer, shipping_address, tracking, placed_at, source_updated_at,
      cancelled_at, observed_at, digest, lines_updated_at, lines_closed, lines_observed_at, lines_digest
    """

  static func columns(of records: [OrderRecord]) -> [any Bindable] {
    [
      records.map(\.name.connection), records.map(\.name.external), records.map(\.marketplace),
      records.map(\.order.number), records.map(\.status.rawValue), records.map(\.order.financialStatus),
      records.map(\.order.fulfillmentStatus), records.map(\.header.isCancelled),
      records.map(\.order.currency),
      records.map(\.order.total?.text), records.map(\.order.tax?.text), records.map(\.order.shipping?.text),
      records.map(\.buyer), records.map(\.shippingAddress), records.map(\.tracking),
      records.map(\.order.placedAt), records.map(\.header.updatedAt), records.map(\.order.cancelledAt),
      records.map(\.header.observedAt), records.map(\.header.digest), records.map(\.lines?.updatedAt),
      records.map(\.lines?.isCancelled), records.map(\.lines?.observedAt), records.map(\.lines?.digest),
    ]
  }

  private var status: OrderStatus { header.isCancelled ? .cancelled : order.status }

  private var buyer: JSONText? {
    order.buyer.map { buyer in
      var writer = JSONWriter()
      buyer.write(into: &writer)
      return JSONText(writer.bytes)
    }
  }

  private var shippingAddress: JSONText? {
    order.shippingAddress.isNull ? nil : JSONText(order.shippingAddress.bytes)
  }

  private var tracking: JSONText? {
    guard !order.tracking.isEmpty else { return nil }
    var writer = JSONWriter()
    writer.beginArray()
    for parcel in order.tracking { parcel.write(into: &writer) }
    writer.endArray()
    return JSONText(writer.bytes)
  }
}
