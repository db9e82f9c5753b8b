package import Events
package import Time

/// Makes values of what people write into cells.
package struct CellReader: Sendable, Equatable {
  /// The order of day and month where a date can be read both ways.
  package enum DateOrder: String, Sendable, CaseIterable { case dmy, mdy }

  package var dateOrder: DateOrder?

  package init(dateOrder: DateOrder? = nil) {
    self.dateOrder = dateOrder
  }

  package struct Problem: Error, Sendable, Equatable {
    package var sentence: String
  }

  func accepts(_ text: String, as field: ImportField) -> Bool {
    do {
      switch field {
      case .sku, .title: return !text.isEmpty
      case .ean: _ = try ean(text)
      case .quantity: _ = try quantity(text)
      case .price: _ = try price(text)
      case .currency: return Self.currency(text) != nil
      case .date: _ = try date(text)
      }
      return true
    } catch {
      return false
    }
  }

  // MARK: Numbers

  /// A whole number of pieces from 0 up: `12`, `1 200`, `12.0`, `12 szt.`
  package func quantity(_ text: String) throws(Problem) -> Int {
    let (number, _) = Self.split(text)
    guard let decimal = Self.decimal(number), let money = Money(decimal) else {
      throw Problem(sentence: "'\(Self.short(text))' is no quantity")
    }
    let parts = money.text.split(separator: ".")
    guard parts.count < 2 || parts[1].allSatisfy({ $0 == "0" }), let whole = parts.first.flatMap({ Int($0) })
    else {
      throw Problem(sentence: "'\(Self.short(text))' is no whole number of pieces")
    }
    guard (0...1_000_000_000).contains(whole) else {
      throw Problem(sentence: "a quantity of \(whole) can't be: it must be from 0 to 1000000000")
    }
    return whole
  }

  /// An amount and the currency that stands beside it: `1 234,56 zł`, `€1,234.56`, `1.234,56`, `70`.
  package func price(_ text: String) throws(Problem) -> (amount: Money, currency: String?) {
    let (number, rest) = Self.split(text)
    guard let decimal = Self.decimal(number), let amount = Money(decimal) else {
      throw Problem(sentence: "'\(Self.short(text))' is no amount of money")
    }
    guard !amount.isNegative else { throw Problem(sentence: "a price of \(amount) can't be: it is below 0") }
    guard rest.isEmpty || Self.currency(rest) != nil else {
      throw Problem(sentence: "'\(Self.short(rest))' is no currency")
    }
    return (amount, Self.currency(rest))
  }

  /// ISO 4217 of a code or a sign.
  package static func currency(_ text: String) -> String? {
    let plain = text.filter { !$0.isWhitespace && $0 != "." }.uppercased()
    if let known = signs[plain] { return known }
    return plain.count == 3 && plain.allSatisfy { $0.isASCII && $0.isLetter } ? plain : nil
  }

  private static let signs = [
    "€": "EUR", "ZŁ": "PLN", "ZL": "PLN", "$": "USD", "US$": "USD", "£": "GBP", "KČ": "CZK", "FT": "HUF",
    "¥": "JPY",
  ]

  /// The digits with their separators, and what stands around them.
  private static func split(_ text: String) -> (number: String, rest: String) {
    let isPart: (Character) -> Bool = { $0.isASCII && ($0.isNumber || ".,-+'".contains($0)) }
    let trimmed = text.filter { !$0.isWhitespace }
    guard let first = trimmed.firstIndex(where: { $0.isASCII && ($0.isNumber || "-+.,".contains($0)) }) else {
      return ("", trimmed)
    }
    let end = trimmed[first...].firstIndex { !isPart($0) } ?? trimmed.endIndex
    return (String(trimmed[first..<end]), String(trimmed[..<first] + trimmed[end...]))
  }

  /// With a point before the fraction and nothing between thousands. The last of two kinds of separators begins the
  /// fraction; a single one with three digits behind it parts thousands, as in 1.234 and 1,234.
  private static func decimal(_ number: String) -> String? {
    var number = number.filter { $0 != "'" }
    while let last = number.last, last == "." || last == "," { number.removeLast() }
    let separators = number.filter { $0 == "." || $0 == "," }
    guard let last = separators.last, let place = number.lastIndex(of: last) else {
      return number.isEmpty ? nil : number
    }
    let fraction = number[number.index(after: place)...]
    let whole = number[..<place].filter { $0 != "." && $0 != "," }
    let kinds = Set(separators).count
    if kinds == 1, separators.count > 1 || (fraction.count == 3 && !whole.isEmpty && whole != "0") {
      return areThousands(number, last) ? whole + fraction : nil
    }
    return (whole.isEmpty ? "0" : whole) + "." + fraction
  }

  private static func areThousands(_ number: String, _ separator: Character) -> Bool {
    let groups = number.drop { $0 == "-" || $0 == "+" }.split(
      separator: separator, omittingEmptySubsequences: false)
    return (1...3).contains(groups.first?.count ?? 0) && groups.dropFirst().allSatisfy { $0.count == 3 }
  }

  /// GTIN of 8, 12, 13 or 14 digits with the right check digit; 12 digits are written as 13.
  package func ean(_ text: String) throws(Problem) -> String {
    let digits = text.filter { !$0.isWhitespace && $0 != "-" }
    guard [8, 12, 13, 14].contains(digits.count), digits.allSatisfy({ $0.isASCII && $0.isNumber }) else {
      throw Problem(sentence: "'\(Self.short(text))' is no EAN: it has 8, 12, 13 or 14 digits")
    }
    let values = digits.compactMap(\.wholeNumberValue)
    let sum = values.reversed().enumerated().reduce(0) { $0 + $1.element * ($1.offset % 2 == 0 ? 1 : 3) }
    guard sum % 10 == 0 else { throw Problem(sentence: "the check digit of the EAN \(digits) is wrong") }
    return digits.count == 12 ? "0" + digits : digits
  }

  // MARK: Dates

  /// `2026-01-31`, `31.01.2026`, `31/01/2026`, with or without a time of day, which is UTC when no zone is given.
  package func date(_ text: String) throws(Problem) -> Timestamp {
    let trimmed = text.trimmingPrefix { $0.isWhitespace }
    if let time = Timestamp(trimmed) { return time }
    let parts = trimmed.split(maxSplits: 1) { $0 == " " || $0 == "T" }
    let numbers = (parts.first ?? "").split { "./-".contains($0) }.compactMap { Int64($0) }
    guard numbers.count == 3 else { throw Problem(sentence: "'\(Self.short(text))' is no date") }
    let date: CivilDate?
    if numbers[0] > 31 {
      date = CivilDate(year: numbers[0], month: numbers[1], day: numbers[2])
    } else {
      let (first, second) = (numbers[0], numbers[1])
      let isSlashed = trimmed.contains("/")
      guard !isSlashed || first > 12 || second > 12 || first == second || dateOrder != nil else {
        throw Problem(
          sentence: "'\(Self.short(text))' can be two dates: say which with --dates dmy or --dates mdy")
      }
      let isMonthFirst = isSlashed && (dateOrder == .mdy || (dateOrder == nil && second > 12))
      date = CivilDate(
        year: numbers[2], month: isMonthFirst ? first : second, day: isMonthFirst ? second : first)
    }
    guard let date else { throw Problem(sentence: "'\(Self.short(text))' is no day of the calendar") }
    let midnight = Timestamp(secondsSince1970: date.daysSince1970 * 86_400)
    guard parts.count == 2 else { return midnight }
    let clock = parts[1].count == 5 ? parts[1] + ":00" : parts[1]
    guard let time = Timestamp("\(midnight.description.prefix(10))T\(clock)") else {
      throw Problem(sentence: "'\(Self.short(text))' has no time of day that there is")
    }
    return time
  }

  private static func short(_ text: some StringProtocol) -> String {
    text.count <= 40 ? String(text) : text.prefix(40) + "…"
  }
}
