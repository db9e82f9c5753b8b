import Events
import JSON
import Testing

@Suite struct MoneyTests {
  @Test(arguments: [
    ("70", "70"), ("123.45", "123.45"), ("0.5", "0.5"), ("007.50", "7.50"), ("+1", "1"), ("-1.10", "-1.10"),
    ("-0.00", "0.00"), ("-0", "0"), ("0", "0"), ("000", "0"), ("00.10", "0.10"),
    ("999999999999999999", "999999999999999999"),
    ("0.123456789012345678", "0.123456789012345678"),
  ])
  func `a decimal is normalised and keeps its scale`(written: String, text: String) {
    #expect(Money(written)?.text == text)
  }

  @Test(arguments: [
    "", "-", "+", ".", "1.", ".5", "1,5", "1 000", "1e2", "abc", "1.2.3", "--1", "0x1", "1_000",
    "1000000000000000000",
    "0.1234567890123456789", "١", "NaN", "1-", " 1",
  ])
  func `what is no decimal is no money`(text: String) {
    #expect(Money(text) == nil)
  }

  @Test(arguments: [
    ("49.99", 2, "99.98"), ("0.1", 3, "0.3"), ("1.50", 0, "0.00"), ("1.05", -2, "-2.10"),
    ("-1.05", -2, "2.10"),
    ("0.001", 1000, "1.000"), ("999999999999999999.99", 1_000_000_000, "999999999999999999990000000.00"),
    ("7", 6, "42"),
  ])
  func `a price times a quantity is exact`(price: String, quantity: Int, total: String) throws {
    #expect(try (#require(Money(price)) * quantity).text == total)
  }

  @Test func `the greatest quantity does not overflow`() throws {
    #expect(try (#require(Money("10")) * Int.min).text == "-92233720368547758080")
  }

  @Test(arguments: [
    ("0.1", "0.2", "0.3"), ("1", "0.25", "1.25"), ("0.99", "0.01", "1.00"), ("5", "-7.5", "-2.5"),
    ("-5", "7.5", "2.5"),
    ("-1", "-1", "-2"), ("1.0", "-1", "0.0"), ("999999999999999999", "1", "1000000000000000000"),
    ("10", "-0.01", "9.99"),
  ])
  func `sums are exact`(left: String, right: String, sum: String) throws {
    let (left, right) = try (#require(Money(left)), #require(Money(right)))
    #expect((left + right).text == sum)
    #expect((right + left).text == sum)
  }

  @Test func `sums agree with whole numbers over random amounts`() throws {
    for _ in 0..<2000 {
      let (left, right) = (Int.random(in: -1_000_000...1_000_000), Int.random(in: -1_000_000...1_000_000))
      let sum = Money(minorUnits: left, scale: 2) + Money(minorUnits: right, scale: 2)
      #expect(sum == Money(minorUnits: left + right, scale: 2))
      #expect(Money(minorUnits: left, scale: 2) * 7 == Money(minorUnits: left * 7, scale: 2))
    }
  }

  @Test func `minor units take the currency's scale (20)`() {
    #expect(Money(minorUnits: 12345, scale: 2).text == "123.45")
    #expect(Money(minorUnits: 12345, scale: 0).text == "12345")
    #expect(Money(minorUnits: 12345, scale: 3).text == "12.345")
    #expect(Money(minorUnits: -5, scale: 2).text == "-0.05")
    #expect(Money(minorUnits: 0, scale: 2).text == "0.00")
  }

  @Test func `the same amount with more zeros is equal in value`() throws {
    let (short, long) = try (#require(Money("1.5")), #require(Money("1.500")))
    #expect(short.equals(long))
    #expect(!short.equals(.zero))
    #expect(Money("0.00")?.isZero == true)
    #expect((-short).text == "-1.5")
    #expect((-short).isNegative)
    #expect((short - long).isZero)
  }

  @Test func `money is read from JSON numbers and strings only`() {
    #expect(Money(JSON.number("3")) == Money("3"))
    #expect(Money(JSON.string("3.10")) == Money("3.10"))
    #expect(Money(JSON.bool(true)) == nil)
    #expect(Money(JSON.null) == nil)
  }

  @Test func `a line's full price is its unit price times its quantity`() {
    #expect(OrderLine(externalId: "1", quantity: 3, unitPrice: Money("9.99")).fullPrice?.text == "29.97")
    #expect(OrderLine(externalId: "1").fullPrice == nil)
  }
}
