package import JSON

/// An exact amount in whatever currency stands beside it, as a decimal; it never goes through a `Double`.
package struct Money: Hashable, Sendable, CustomStringConvertible {
  /// Normalised: no plus, no needless zeros before the point, the written number of digits after it (`"70"`, `"0.50"`).
  package let text: String

  package static let zero = Money(normalised: "0")

  package var description: String { text }

  private init(normalised text: String) {
    self.text = text
  }

  /// From `70`, `123.45` or `-0.5`; nil for what has an exponent, more than 18 digits before or 18 after the point,
  /// or is no decimal.
  package init?(_ text: some StringProtocol) {
    var text = String(text)
    guard let money = text.withUTF8({ Money(utf8: UnsafeRawBufferPointer($0)) }) else { return nil }
    self = money
  }

  /// The same from a JSON string or number.
  package init?(_ json: JSON) {
    guard let text = json.text else { return nil }
    self.init(text)
  }

  package init(_ whole: some BinaryInteger) {
    text = String(whole)
  }

  /// An amount in the currency's smallest unit: 12345 with a scale of 2 is 123.45, with 0 it is 12345.
  package init(minorUnits: some BinaryInteger, scale: Int) {
    self.init(
      Decimal(isNegative: minorUnits < 0, digits: Decimal.digits(of: minorUnits.magnitude), scale: scale))
  }

  package init?(utf8 bytes: UnsafeRawBufferPointer) {
    var start = 0
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative || bytes.first == UInt8(ascii: "+") { start = 1 }
    var point: Int?
    var hasValue = false
    for index in start..<bytes.count {
      switch bytes[index] {
      case UInt8(ascii: "0"): continue
      case UInt8(ascii: "1")...UInt8(ascii: "9"): hasValue = true
      case UInt8(ascii: ".") where point == nil: point = index
      default: return nil
      }
    }
    let end = point ?? bytes.count
    guard end > start, point.map({ $0 + 1 < bytes.count }) ?? true else { return nil }
    while end - start > 1, bytes[start] == UInt8(ascii: "0") { start += 1 }
    guard end - start <= 18, bytes.count - end <= 19 else { return nil }
    let digits = String(decoding: bytes[start...], as: UTF8.self)
    self.init(normalised: isNegative && hasValue ? "-" + digits : digits)
  }

  package static func * (price: Money, quantity: some BinaryInteger) -> Money {
    Money(Decimal(price.text).times(quantity))
  }

  package static func + (left: Money, right: Money) -> Money {
    Money(Decimal(left.text).plus(Decimal(right.text)))
  }

  package static prefix func - (money: Money) -> Money {
    var decimal = Decimal(money.text)
    decimal.isNegative.toggle()
    return Money(decimal)
  }

  package static func - (left: Money, right: Money) -> Money { left + -right }

  /// The same amount, however many zeros follow its point.
  package func equals(_ other: Money) -> Bool { (self - other).isZero }

  package var isZero: Bool { text.utf8.allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") } }

  package var isNegative: Bool { text.utf8.first == UInt8(ascii: "-") }

  private init(_ decimal: Decimal) {
    text = decimal.text
  }
}
