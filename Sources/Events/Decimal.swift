/// A decimal of any length for exact sums and products: sign, digits and the number of them after the point.
struct Decimal {
  var isNegative: Bool
  /// Least significant first, each 0 to 9.
  var digits: [UInt8]
  var scale: Int

  init(isNegative: Bool, digits: [UInt8], scale: Int) {
    self.isNegative = isNegative
    self.digits = digits
    self.scale = max(0, scale)
  }

  /// From normalised text.
  init(_ text: String) {
    isNegative = text.utf8.first == UInt8(ascii: "-")
    digits = []
    scale = 0
    for byte in text.utf8.reversed() {
      switch byte {
      case UInt8(ascii: "."): scale = digits.count
      case UInt8(ascii: "-"): break
      default: digits.append(byte &- UInt8(ascii: "0"))
      }
    }
  }

  static func digits(of value: some BinaryInteger) -> [UInt8] {
    String(value).utf8.reversed().map { $0 &- UInt8(ascii: "0") }
  }

  /// Normalised text.
  var text: String {
    var written: [UInt8] = []
    let places = max(digits.count, scale + 1)
    for place in stride(from: places - 1, through: 0, by: -1) {
      let digit = place < digits.count ? digits[place] : 0
      if written.isEmpty && digit == 0 && place > scale { continue }
      written.append(UInt8(ascii: "0") + digit)
      if place == scale && scale > 0 { written.append(UInt8(ascii: ".")) }
    }
    let sign = isNegative && digits.contains { $0 != 0 } ? "-" : ""
    return sign + String(decoding: written, as: UTF8.self)
  }

  func times(_ factor: some BinaryInteger) -> Decimal {
    let factors = Self.digits(of: factor.magnitude)
    var product = [UInt8](repeating: 0, count: digits.count + factors.count)
    for (offset, by) in factors.enumerated() {
      var carry: UInt8 = 0
      for (place, digit) in digits.enumerated() {
        // At most 9 × 9 + 9 + 9.
        let sum = digit * by + product[offset + place] + carry
        product[offset + place] = sum % 10
        carry = sum / 10
      }
      product[offset + digits.count] = carry
    }
    return Decimal(isNegative: isNegative != (factor < 0), digits: product, scale: scale)
  }

  func plus(_ other: Decimal) -> Decimal {
    let scale = max(scale, other.scale)
    let (left, right) = (padded(to: scale), other.padded(to: scale))
    if isNegative == other.isNegative {
      return Decimal(isNegative: isNegative, digits: Self.sum(left, right), scale: scale)
    }
    let leftIsGreater = !Self.isLess(left, right)
    let difference = leftIsGreater ? Self.difference(left, right) : Self.difference(right, left)
    return Decimal(
      isNegative: leftIsGreater ? isNegative : other.isNegative, digits: difference, scale: scale)
  }

  private func padded(to scale: Int) -> [UInt8] {
    Array(repeating: 0, count: scale - self.scale) + digits
  }

  private static func sum(_ left: [UInt8], _ right: [UInt8]) -> [UInt8] {
    var digits: [UInt8] = []
    var carry: UInt8 = 0
    for place in 0..<max(left.count, right.count) {
      let sum = digit(left, place) + digit(right, place) + carry
      digits.append(sum % 10)
      carry = sum / 10
    }
    return digits + [carry]
  }

  /// `greater` must not be the lesser one.
  private static func difference(_ greater: [UInt8], _ lesser: [UInt8]) -> [UInt8] {
    var digits: [UInt8] = []
    var borrow: UInt8 = 0
    for place in 0..<max(greater.count, lesser.count) {
      let taken = digit(lesser, place) + borrow
      let from = digit(greater, place)
      borrow = from < taken ? 1 : 0
      digits.append(from + borrow * 10 - taken)
    }
    return digits
  }

  private static func isLess(_ left: [UInt8], _ right: [UInt8]) -> Bool {
    for place in stride(from: max(left.count, right.count) - 1, through: 0, by: -1) {
      let (one, other) = (digit(left, place), digit(right, place))
      if one != other { return one < other }
    }
    return false
  }

  private static func digit(_ digits: [UInt8], _ place: Int) -> UInt8 {
    place < digits.count ? digits[place] : 0
  }
}
