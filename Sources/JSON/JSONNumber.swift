/// Arithmetic on numbers as they are written.
enum JSONNumber {
  /// The exact whole number that a JSON number or the text of one stands for; nil for 2.5, beyond `Int64`, or no number.
  static func integer(_ bytes: UnsafeRawBufferPointer) -> Int64? {
    var index = 0
    let isNegative = bytes.first == UInt8(ascii: "-")
    if isNegative { index = 1 }
    let firstDigit = index
    var value: Int64 = 0
    while index < bytes.count, let digit = digit(bytes[index]) {
      let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
      let (sum, overflow2) =
        isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
      if overflow || overflow2 { return nil }
      value = sum
      index += 1
    }
    guard index > firstDigit else { return nil }
    return index == bytes.count ? value : scaled(bytes, isNegative: isNegative)
  }

  /// The same for a number with a fraction or an exponent: the digits, and where the point stands among them.
  private static func scaled(_ bytes: UnsafeRawBufferPointer, isNegative: Bool) -> Int64? {
    var digits: [Int64] = []
    var index = isNegative ? 1 : 0
    while index < bytes.count, let digit = digit(bytes[index]) {
      digits.append(digit)
      index += 1
    }
    var point = digits.count
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      index += 1
      let fraction = index
      while index < bytes.count, let digit = digit(bytes[index]) {
        digits.append(digit)
        index += 1
      }
      if index == fraction { return nil }
    }
    if index < bytes.count {
      guard bytes[index] | 0x20 == UInt8(ascii: "e"), let exponent = exponent(bytes, from: index + 1) else {
        return nil
      }
      point += exponent
    }
    return whole(digits, point: point, isNegative: isNegative)
  }

  /// An exponent, held within ±1,000,000, which no body can outweigh.
  private static func exponent(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var index = start
    guard index < bytes.count else { return nil }
    let isNegative = bytes[index] == UInt8(ascii: "-")
    if isNegative || bytes[index] == UInt8(ascii: "+") { index += 1 }
    guard index < bytes.count else { return nil }
    var value = 0
    while index < bytes.count {
      guard let digit = digit(bytes[index]) else { return nil }
      value = min(value * 10 + Int(digit), 10_000_000)
      index += 1
    }
    return isNegative ? -value : value
  }

  private static func whole(_ digits: [Int64], point: Int, isNegative: Bool) -> Int64? {
    var value: Int64 = 0
    for (place, digit) in digits.enumerated() {
      guard place < point else {
        if digit != 0 { return nil }
        continue
      }
      guard let next = shifted(value, adding: isNegative ? -digit : digit) else { return nil }
      value = next
    }
    if value == 0 { return 0 }
    var missing = point - digits.count
    while missing > 0 {
      guard let next = shifted(value, adding: 0) else { return nil }
      value = next
      missing -= 1
    }
    return value
  }

  private static func shifted(_ value: Int64, adding digit: Int64) -> Int64? {
    let (tens, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, overflow2) = tens.addingReportingOverflow(digit)
    return overflow || overflow2 ? nil : sum
  }

  private static func digit(_ byte: UInt8) -> Int64? {
    let value = byte &- UInt8(ascii: "0")
    return value < 10 ? Int64(value) : nil
  }
}
