import JSON
import Marketplaces
import Time

/// Orders as they were read for one page, and when.
struct OrdersRead: Sendable {
  struct Order: Sendable {
    var json: JSON
    var at: Timestamp
  }

  var orders: [String: Order] = [:]
  /// The shipments of those that were sent, by the order's id.
  var shipments: [String: JSON] = [:]
  var calls = 0
}

extension AllegroAdapter {
  /// Reads checkout forms by id; what is gone is missing in the answer.
  func forms(_ ids: Set<String>) async throws(MarketplaceError) -> OrdersRead {
    let answers = try await concurrently(ids) { [self] id throws(MarketplaceError) in
      try await find("/order/checkout-forms/" + PercentEncoding.segment(id))
    }
    var read = OrdersRead(calls: ids.count)
    for case (let id, let answer?) in answers {
      read.orders[id] = OrdersRead.Order(json: answer.json, at: answer.date)
    }
    try await readShipments(
      of: Set(read.orders.filter { AllegroOrder.isSent($0.value.json) }.keys), into: &read)
    return read
  }

  /// Reads the shipments of orders that were sent, which alone have tracking numbers.
  func readShipments(of ids: Set<String>, into read: inout OrdersRead) async throws(MarketplaceError) {
    let answers = try await concurrently(ids) { [self] id throws(MarketplaceError) in
      try await find("/order/checkout-forms/\(PercentEncoding.segment(id))/shipments")
    }
    for case (let id, let answer?) in answers { read.shipments[id] = answer.json["shipments"] }
    read.calls += ids.count
  }
}
