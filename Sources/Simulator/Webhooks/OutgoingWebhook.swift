import Crypto

import struct Foundation.Data

/// A webhook that a shop has to deliver: to the same address with the same bytes, until it is taken.
package struct OutgoingWebhook: Sendable, Equatable {
  /// The platform's own name of what it tells, the same over repeated deliveries.
  package var id: String
  package var url: String
  package var headers: [String: String]
  package var body: [UInt8]

  /// The base64 of an HMAC-SHA256, as the platforms sign.
  static func signature(of bytes: [UInt8], key: String) -> String {
    let mac = HMAC<SHA256>.authenticationCode(
      for: bytes, using: SymmetricKey(data: Array(key.utf8)))
    return Data(mac).base64EncodedString()
  }
}

/// What has become of a webhook.
enum DeliveryState: String, Sendable {
  case waiting, delivered
  case givenUp = "given_up"
}
