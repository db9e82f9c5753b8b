import Events
import Time

/// Events for tests, by the second in which the version was made.
enum Versions {
  static let start = Timestamp("2026-01-01T12:00:00Z") ?? .epoch

  static func event(
    _ second: Int, _ external: String = "o-1", id: String? = nil, status: OrderStatus = .new,
    financialStatus: String? = "PAID", eligible: Bool = true, shipping: String? = nil, name: String? = nil,
    lines: [OrderLine]? = [line("a")], connection: String = SyncSession.connectionId, marketplace: Int? = nil,
    platform: String = "shopify"
  ) -> Event {
    let time = start.adding(seconds: Int64(second))
    let order = Order(
      externalId: external, number: "#1", status: status, financialStatus: financialStatus,
      eligible: eligible, updatedAt: time, cancelledAt: status == .cancelled ? time : nil, currency: "PLN",
      shipping: shipping.flatMap { Money($0) }, buyer: name.map { Buyer(name: $0) }, lines: lines)
    return Event(
      id: id ?? "\(external)@\(second)", type: .orderUpdated, time: time, connectionId: connection,
      platform: platform, marketplaceId: marketplace, subjectData: .order(order))
  }

  static func line(
    _ id: String, _ quantity: Int = 1, price: String? = "10.00", sku: String? = nil, listing: String? = nil
  ) -> OrderLine {
    OrderLine(
      externalId: id, listingId: listing, sku: sku ?? "SKU-\(id)", quantity: quantity,
      unitPrice: price.flatMap { Money($0) })
  }
}
