import Events
import Import
import Testing
import Time

@Suite struct CellTests {
  let reader = CellReader()

  @Test(arguments: [
    ("70", "70", nil), ("123.45", "123.45", nil), ("1 234,56 zł", "1234.56", "PLN"),
    ("€1,234.56", "1234.56", "EUR"),
    ("1.234,56 EUR", "1234.56", "EUR"), ("1'234.50 CHF", "1234.50", "CHF"), ("1.234", "1234", nil),
    ("1,234,567", "1234567", nil), ("0,5", "0.5", nil), ("0.123", "0.123", nil), (",99", "0.99", nil),
    ("12,", "12", nil),
    ("$ 19.9", "19.9", "USD"), ("1\u{A0}299,00", "1299.00", nil),
  ])
  func `prices are read as people write them`(text: String, amount: String, currency: String?) throws {
    let price = try reader.price(text)
    #expect(price.amount.text == amount && price.currency == currency)
  }

  @Test(arguments: ["", "abc", "1,2,3", "1.23.4", "-5", "5 apples", "12.34.567"])
  func `what is no price is refused`(text: String) {
    #expect(throws: CellReader.Problem.self) { try reader.price(text) }
  }

  @Test(arguments: [("12", 12), ("1 200", 1_200), ("12.0", 12), ("12 szt.", 12), ("0", 0), ("1,200", 1_200)])
  func `quantities are whole numbers of pieces`(text: String, quantity: Int) throws {
    #expect(try reader.quantity(text) == quantity)
  }

  @Test(arguments: ["1.5", "-1", "many", "99999999999"])
  func `what is no quantity is refused`(text: String) {
    #expect(throws: CellReader.Problem.self) { try reader.quantity(text) }
  }

  @Test(arguments: [
    ("2026-01-31", "2026-01-31T00:00:00Z"), ("31.01.2026", "2026-01-31T00:00:00Z"),
    ("31/1/2026 14:30", "2026-01-31T14:30:00Z"), ("1/31/2026", "2026-01-31T00:00:00Z"),
    ("2026-01-31T10:00:00+02:00", "2026-01-31T08:00:00Z"), ("2026/01/31", "2026-01-31T00:00:00Z"),
    ("05.06.2026", "2026-06-05T00:00:00Z"),
  ])
  func `dates are read as people write them`(text: String, time: String) throws {
    #expect(try reader.date(text).description == time)
  }

  @Test func `a date that can be two is asked about, unless it was said`() throws {
    #expect(throws: CellReader.Problem.self) { try reader.date("01/02/2026") }
    #expect(throws: CellReader.Problem.self) { try reader.date("30.02.2026") }
    #expect(try CellReader(dateOrder: .dmy).date("01/02/2026").description == "2026-02-01T00:00:00Z")
    #expect(try CellReader(dateOrder: .mdy).date("01/02/2026").description == "2026-01-02T00:00:00Z")
  }

  @Test func `an EAN has its check digit`() throws {
    #expect(try reader.ean("5901234123457") == "5901234123457")
    #expect(try reader.ean("036000291452") == "0036000291452")
    #expect(throws: CellReader.Problem.self) { try reader.ean("5901234123458") }
    #expect(throws: CellReader.Problem.self) { try reader.ean("12") }
  }

  @Test func `columns are suggested by their names in several languages, and by what they hold`() {
    func fields(_ header: [String], _ rows: [[String]] = []) -> [String?] {
      let all = ColumnMapping.suggest(header: header, rows: rows)
      return header.indices.map { column in all.first { $0.column == column }?.field.rawValue }
    }
    #expect(
      fields(["Indeks", "Nazwa produktu", "Stan magazynowy", "Cena brutto", "Kod kreskowy"])
        == ["sku", "title", "quantity", "price", "ean"])
    #expect(
      fields(["Artikel-Nr.", "Bezeichnung", "Lagerbestand", "VK-Preis", "Währung", "Stand"])
        == ["sku", "title", "quantity", "price", "currency", "date"])
    #expect(
      fields(["Variant SKU", "Title", "Variant Inventory Qty", "Variant Price"]) == [
        "sku", "title", "quantity", "price",
      ])
    #expect(fields(["x", "y"], [["5901234123457", "a"], ["4006381333931", "b"]]) == ["ean", nil])
    #expect(fields(["stock", "qty"], [["in the cellar", "4"], ["upstairs", "5"]]) == [nil, "quantity"])
  }
}
