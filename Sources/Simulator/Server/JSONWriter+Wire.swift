import JSON
import Time

extension JSONWriter {
  mutating func identifier(_ id: Identifier) {
    var quoted = [UInt8(ascii: "\"")]
    quoted.append(contentsOf: id.utf8)
    quoted.append(UInt8(ascii: "\""))
    raw(quoted)
  }

  /// A string with two decimals, as in "49.90".
  mutating func decimal(hundredths: Int) {
    let cents = hundredths % 100
    string("\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)")
  }

  mutating func timestampOrNull(_ moment: Timestamp?) {
    if let moment { timestamp(moment) } else { null() }
  }
}

extension JSON {
  /// A string with two decimals, as in "49.90".
  static func hundredths(_ amount: Int) -> JSON {
    let cents = amount % 100
    return .string("\(amount / 100).\(cents < 10 ? "0" : "")\(cents)")
  }
}
