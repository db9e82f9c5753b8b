package import Events
import JSON
package import Time

/// A row of an import: what stood there, what it means, and what is wrong with it.
package struct ImportItem: Sendable, Equatable {
  package var line: Int
  package var cells: [String]
  package var sku: String?
  package var ean: String?
  package var title: String?
  package var quantity: Int?
  package var price: Money?
  package var currency: String?
  package var date: Timestamp?
  /// The first thing that is wrong, with its place.
  package var error: CSVError?

  package init(
    _ record: CSVRecord, _ mapping: ColumnMapping, header: [String], reader: CellReader,
    currency: String? = nil
  ) {
    (line, cells) = (record.line, record.cells)
    if record.cells.count > header.count {
      error = CSVError(
        line: line, column: header.count + 1,
        problem: "the row has \(record.cells.count) columns, the header \(header.count)")
      return
    }
    do {
      sku = cell(.sku, mapping)?.text
      title = cell(.title, mapping)?.text
      ean = try read(.ean, mapping) { text throws(CellReader.Problem) in try reader.ean(text) }
      quantity = try read(.quantity, mapping) { text throws(CellReader.Problem) in try reader.quantity(text) }
      let paid = try read(.price, mapping) { text throws(CellReader.Problem) in try reader.price(text) }
      let named = try read(.currency, mapping) { text throws(CellReader.Problem) in
        guard let currency = CellReader.currency(text) else {
          throw CellReader.Problem(sentence: "'\(text)' is no currency")
        }
        return currency
      }
      price = paid?.amount
      self.currency = paid?.currency ?? named ?? currency
      date = try read(.date, mapping) { text throws(CellReader.Problem) in try reader.date(text) }
      if sku == nil, ean == nil, title == nil {
        error = CSVError(line: line, column: nil, problem: "the row has neither a SKU nor an EAN nor a title")
      }
    } catch {
      self.error = error
    }
  }

  private func cell(_ field: ImportField, _ mapping: ColumnMapping) -> (text: String, column: Int)? {
    guard let column = mapping.columns[field], column < cells.count else { return nil }
    let text = cells[column].split { $0.isWhitespace || $0 == "\0" }.joined(separator: " ")
    return text.isEmpty ? nil : (text, column)
  }

  private func read<T>(
    _ field: ImportField, _ mapping: ColumnMapping, _ body: (String) throws(CellReader.Problem) -> T
  ) throws(CSVError) -> T? {
    guard let (text, column) = cell(field, mapping) else { return nil }
    do {
      return try body(text)
    } catch {
      throw CSVError(line: line, column: column + 1, problem: error.sentence)
    }
  }

  /// The cells as they stood there; a NUL, which no database takes, as the sign for what can't be shown.
  var cellsJSON: JSON { .array(cells.map { .string($0.replacing("\0", with: "\u{FFFD}")) }) }
}
