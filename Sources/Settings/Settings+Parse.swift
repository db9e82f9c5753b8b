import Foundation

/// How single values are read; nil means that a value can't be used.
extension Settings {
  static func webAddress(_ text: String) -> Secret? {
    guard !text.contains(where: \.isWhitespace), let parts = URLComponents(string: text),
      let host = parts.host, !host.isEmpty
    else { return nil }
    return parts.scheme == "http" || parts.scheme == "https" ? Secret(text) : nil
  }

  /// Which server it is, without user, password and path, which may be a secret too.
  static func webPlace(_ address: Secret) -> String {
    let parts = URLComponents(string: address.revealed)
    let port = parts?.port.map { ":\($0)" } ?? ""
    return "\(parts?.scheme ?? "")://\(parts?.host ?? "")\(port)"
  }

  /// What any marketplace says of an order's money, as the adapters name it; the names are Shopify's.
  static let financialStatuses = [
    "AUTHORIZED", "EXPIRED", "PAID", "PARTIALLY_PAID", "PARTIALLY_REFUNDED", "PENDING", "REFUNDED", "VOIDED",
  ]

  /// What may stand in queue names, file names and the labels of metrics alike.
  static func namespace(_ text: String) -> String? {
    func isPlain(_ byte: UInt8) -> Bool {
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"):
        true
      default: false
      }
    }
    guard let first = text.utf8.first, isPlain(first), text.utf8.count <= 64 else { return nil }
    return text.utf8.allSatisfy { isPlain($0) || "-_.".utf8.contains($0) } ? text : nil
  }

  static func key(_ text: String) -> Secret? {
    Data(base64Encoded: text)?.count == 32 ? Secret(text) : nil
  }

  static func keys(_ text: String) -> Bool {
    SettingsReader.split(text).allSatisfy { key($0) != nil }
  }
}
