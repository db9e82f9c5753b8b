import Crypto
import Foundation
package import Postgres

/// Reads a CSV file into `raw_import_items`, in pieces and in batches that each commit. Killed and begun again it goes on
/// behind what is stored.
package struct FileImport: Sendable {
  /// Rows per transaction.
  static let batch = 500
  private static let piece = 1 << 16

  let path: String
  let reader: CellReader
  let currency: String?

  package init(path: String, reader: CellReader = CellReader(), currency: String? = nil) {
    self.path = path
    self.reader = reader
    self.currency = currency
  }

  /// The header and the first rows.
  package func beginning(rows most: Int = 20) throws -> (header: CSVRecord, rows: [CSVRecord]) {
    struct Enough: Error {}
    var records: [CSVRecord] = []
    do {
      try read { record in
        records.append(record)
        if records.count > most { throw Enough() }
      }
    } catch is Enough {}
    guard let header = records.first else {
      throw CSVError(line: 1, column: nil, problem: "the file is empty")
    }
    return (header, Array(records.dropFirst()))
  }

  /// Stores the file's rows for a user, and finds their candidates.
  package func run(
    user: String, marketplace: Int?, mapping: ColumnMapping, on connection: Connection
  ) throws -> Imports.Standing {
    let header = try beginning(rows: 0).header
    let subject = Imports.Subject(
      user: user, marketplace: marketplace, fileName: URL(fileURLWithPath: path).lastPathComponent,
      digest: try digest(), header: header.cells, mapping: mapping)
    let standing = try Imports.open(subject, on: connection)
    if !standing.isRead {
      try store(header, mapping, standing, on: connection)
      try Imports.finish(standing.id, on: connection)
    }
    try Matching.run(standing.id, on: connection)
    return standing
  }

  private func store(
    _ header: CSVRecord, _ mapping: ColumnMapping, _ standing: Imports.Standing, on connection: Connection
  ) throws {
    var items: [ImportItem] = []
    var last = standing.readTo
    try read { record in
      guard record.line > max(header.line, standing.readTo) else { return }
      items.append(
        ImportItem(record, mapping, header: header.cells, reader: reader, currency: currency))
      last = record.line
      guard items.count == Self.batch else { return }
      try Imports.store(items, of: standing.id, readTo: last, on: connection)
      items.removeAll(keepingCapacity: true)
    }
    try Imports.store(items, of: standing.id, readTo: last, on: connection)
  }

  // MARK: The file

  private func read(_ take: (CSVRecord) throws -> Void) throws {
    var reader: CSVReader?
    try pieces { bytes in
      if reader == nil { reader = CSVReader(delimiter: CSVReader.delimiter(of: bytes)) }
      try reader?.feed(bytes, take)
    }
    try reader?.finish(take)
  }

  private func digest() throws -> String {
    var hash = SHA256()
    try pieces { hash.update(data: $0) }
    return hash.finalize().map { String(format: "%02x", $0) }.joined()
  }

  private func pieces(_ body: ([UInt8]) throws -> Void) throws {
    let file = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
    defer { try? file.close() }
    while let data = try file.read(upToCount: Self.piece), !data.isEmpty { try body(Array(data)) }
  }
}
