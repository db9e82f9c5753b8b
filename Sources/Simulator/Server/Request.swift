/// A request as a shop sees it: the path under its base URL, and everything decoded.
package struct Request: Sendable {
  package var method: String
  /// The parts between the slashes.
  package var path: [String]
  package var query: Query
  /// Names in lower case.
  package var headers: [String: String]
  package var body: [UInt8]

  /// A request for a target such as `/sale/offers?limit=5`.
  package init(_ method: String, _ target: String, headers: [String: String] = [:], body: [UInt8] = []) {
    self.method = method
    let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
    path = parts[0].split(separator: "/").map { PercentCoding.decode($0) }
    query = Query(parts.count > 1 ? String(parts[1]) : "")
    self.headers = headers
    self.body = body
  }

  /// The form in the body, or none when the body is something else.
  var form: Query { Query(String(decoding: body, as: UTF8.self)) }
}

/// The parameters of a query or of a form, in their order.
package struct Query: Sendable {
  private let pairs: [(name: String, value: String)]

  init(_ encoded: String) {
    pairs = encoded.split(separator: "&").map { pair in
      let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (
        PercentCoding.decode(sides[0], plusIsSpace: true),
        sides.count > 1 ? PercentCoding.decode(sides[1], plusIsSpace: true) : ""
      )
    }
  }

  /// The first value of that name.
  subscript(name: String) -> String? { pairs.first { $0.name == name }?.value }

  /// All the values of that name; commas separate values too.
  func all(_ name: String) -> Set<String> {
    Set(pairs.filter { $0.name == name }.flatMap { $0.value.split(separator: ",").map(String.init) })
  }
}

enum PercentCoding {
  /// Text that can stand in a query.
  static func encode(_ text: String) -> String {
    var encoded = ""
    for byte in text.utf8 {
      let character = Character(Unicode.Scalar(byte))
      if character.isASCII, character.isLetter || character.isNumber || "-._~".contains(character) {
        encoded.append(character)
      } else {
        encoded += byte < 16 ? "%0" : "%"
        encoded += String(byte, radix: 16, uppercase: true)
      }
    }
    return encoded
  }

  /// The text behind the percent signs; what is no encoding stays as it is.
  static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String {
    let bytes = Array(text.utf8)
    var decoded: [UInt8] = []
    decoded.reserveCapacity(bytes.count)
    var index = 0
    while index < bytes.count {
      let byte = bytes[index]
      index += 1
      if byte == UInt8(ascii: "%"), index + 1 < bytes.count,
        let value = UInt8(String(decoding: bytes[index...index + 1], as: UTF8.self), radix: 16)
      {
        decoded.append(value)
        index += 2
      } else {
        decoded.append(plusIsSpace && byte == UInt8(ascii: "+") ? UInt8(ascii: " ") : byte)
      }
    }
    return String(decoding: decoded, as: UTF8.self)
  }
}
