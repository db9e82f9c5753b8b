import JSON
import Outbox
import Time

import struct Foundation.UUID

/// The body of a message on `<namespace>.push`.
enum PushJob: Equatable {
  /// Bring this listing to the ledger's present value.
  case listing(Int)
  /// Deliver this message to its buyer.
  case message(Int)
  /// Bring what a connection says of this variation to what another one said last.
  case product(ProductWishes.Wish)

  static func decode(_ body: [UInt8]) -> PushJob? {
    guard let json = try? JSON.parse(body) else { return nil }
    switch json["kind"].text {
    case "quantity": return json["listing"].integer.flatMap { Int(exactly: $0) }.map { .listing($0) }
    case "message": return json["messageId"].integer.flatMap { Int(exactly: $0) }.map { .message($0) }
    case "product":
      guard let connectionId = json["connectionId"].text.flatMap({ UUID(uuidString: $0) }),
        let variation = json["variation"].integer.flatMap({ Int(exactly: $0) })
      else { return nil }
      return .product(ProductWishes.Wish(connectionId: connectionId, variation: variation))
    default: return nil
    }
  }

  static func product(_ wish: ProductWishes.Wish, generation: Int) -> OutboundMessage {
    let connection = wish.connectionId.uuidString.lowercased()
    let body: JSON = [
      "kind": "product", "connectionId": .string(connection), "variation": .integer(wish.variation),
    ]
    return OutboundMessage(
      route: .job(queue: "push"), messageId: "product:\(connection):\(wish.variation)@\(generation)",
      type: "product",
      time: .now(), body: body.bytes)
  }

  static func quantity(listing: Int, connection: String, generation: Int) -> OutboundMessage {
    let body: JSON = [
      "kind": "quantity", "listing": .integer(listing), "connectionId": .string(connection),
    ]
    return OutboundMessage(
      route: .job(queue: "push"), messageId: "push:\(listing)@\(generation)", type: "quantity", time: .now(),
      body: body.bytes)
  }
}
