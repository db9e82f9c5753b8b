import Crypto
import Time

/// Ids that the same happening always gets again, whoever reads it and however often.
package enum EventID {
  /// Longest id made here, in bytes: an AMQP `message_id` holds no more.
  package static let longest = 255

  /// Of what the platform itself numbers: `<platform>:<connectionId>:<platform's event id>`.
  package static func platformEvent(platform: String, connectionId: String, eventId: String) -> String {
    bounded("\(platform):\(connectionId):", eventId)
  }

  /// Of an order found in a listing, which has no event of its own: its id, its `updatedAt` and its content, since a
  /// marketplace may cancel an order without moving `updatedAt` (Rule 4: a tie is broken by the content).
  package static func listedOrder(platform: String, connectionId: String, order: Order) -> String {
    let updated = order.updatedAt?.description ?? ""
    return bounded(
      "\(platform):\(connectionId):", "order/\(order.externalId)@\(updated)#\(hex(order.contentDigest))")
  }

  /// The connection that an id made here names; nil for the id of another producer.
  package static func connection(of id: String) -> String? {
    let parts = id.split(separator: ":", maxSplits: 2)
    return parts.count == 3 && parts[1].utf8.count == 36 ? String(parts[1]) : nil
  }

  private static func bounded(_ prefix: String, _ rest: String) -> String {
    let id = prefix + rest
    guard id.utf8.count > longest else { return id }
    return "\(prefix.prefix(120))sha256/\(hex(SHA256.hash(data: Array(id.utf8))))"
  }

  private static func hex(_ bytes: some Sequence<UInt8>) -> String {
    var text = ""
    for byte in bytes {
      if byte < 16 { text += "0" }
      text += String(byte, radix: 16)
    }
    return text
  }
}
