/// One row of a CSV file.
package struct CSVRecord: Sendable, Equatable {
  /// The line of the file that it begins on; the first is 1.
  package var line: Int
  package var cells: [String]
}

/// Why a file is no CSV, or what is wrong with a cell: one sentence that names the place.
package struct CSVError: Error, Sendable, Equatable, CustomStringConvertible {
  package var line: Int
  /// Counted from 1, as columns of a sheet; nil when it is about the line.
  package var column: Int?
  package var problem: String

  package var description: String {
    "line \(line)" + (column.map { ", column \($0)" } ?? "") + ": " + problem
  }
}

/// Reads CSV (RFC 4180, with any delimiter, with or without a byte order mark) from pieces of a file of any size: it
/// holds one record at most. Empty lines are passed over.
package struct CSVReader: Sendable {
  /// Longer records are not taken: without a limit one lost quote would read the whole file into memory.
  static let longestRecord = 1 << 20

  private enum State { case start, plain, quoted, quoteInQuoted }

  let delimiter: UInt8
  private var state = State.start
  private var cell: [UInt8] = []
  private var cells: [String] = []
  private var line = 1
  private var begin = 1
  private var size = 0
  private var wasReturn = false
  private var isFirst = true

  package init(delimiter: UInt8) {
    self.delimiter = delimiter
  }

  /// The delimiter that the first line of a file uses most; a comma when it uses none.
  package static func delimiter(of beginning: [UInt8]) -> UInt8 {
    var counts: [UInt8: Int] = [:]
    var isQuoted = false
    for byte in beginning {
      if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
      if isQuoted { continue }
      if byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { break }
      if Self.delimiters.contains(byte) { counts[byte, default: 0] += 1 }
    }
    return Self.delimiters.max { (counts[$0] ?? 0) < (counts[$1] ?? 0) } ?? UInt8(ascii: ",")
  }

  /// The likelier one first: of equal counts it wins.
  private static let delimiters = [
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|"),
  ]

  /// Takes the next piece of the file, and hands over every record that is whole now.
  package mutating func feed(_ bytes: [UInt8], _ take: (CSVRecord) throws -> Void) throws {
    var bytes = bytes[...]
    if isFirst, !bytes.isEmpty {
      isFirst = false
      if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
    }
    for byte in bytes { try step(byte, take) }
  }

  /// Ends the file, whose last line may lack its end.
  package mutating func finish(_ take: (CSVRecord) throws -> Void) throws {
    guard state != .quoted else {
      throw CSVError(line: begin, column: cells.count + 1, problem: "a quote is opened and never closed")
    }
    try endRecord(take)
  }

  private mutating func step(_ byte: UInt8, _ take: (CSVRecord) throws -> Void) throws {
    size += 1
    guard size <= Self.longestRecord else {
      throw CSVError(
        line: begin, column: cells.count + 1,
        problem: "the row is longer than \(Self.longestRecord) bytes: is a quote missing?")
    }
    if wasReturn, byte == UInt8(ascii: "\n") {
      wasReturn = false
      return
    }
    wasReturn = byte == UInt8(ascii: "\r")
    let isEnd = byte == UInt8(ascii: "\n") || wasReturn
    if isEnd { line += 1 }
    switch state {
    case .quoted where byte == UInt8(ascii: "\""): state = .quoteInQuoted
    case .quoted: cell.append(wasReturn ? UInt8(ascii: "\n") : byte)
    case _ where isEnd: try endRecord(take)
    case _ where byte == delimiter: try endCell()
    case .start where byte == UInt8(ascii: "\""): state = .quoted
    case .quoteInQuoted where byte == UInt8(ascii: "\""):
      cell.append(byte)
      state = .quoted
    case .quoteInQuoted:
      throw CSVError(
        line: line, column: cells.count + 1, problem: "a closing quote is followed by something else")
    default:
      cell.append(byte)
      state = .plain
    }
  }

  private mutating func endCell() throws {
    guard let text = String(validating: cell, as: UTF8.self) else {
      throw CSVError(
        line: begin, column: cells.count + 1, problem: "the text is not UTF-8; save the file as UTF-8")
    }
    cells.append(text)
    cell.removeAll(keepingCapacity: true)
    state = .start
  }

  private mutating func endRecord(_ take: (CSVRecord) throws -> Void) throws {
    try endCell()
    let record = CSVRecord(line: begin, cells: cells)
    cells.removeAll(keepingCapacity: true)
    (begin, size) = (line, 0)
    if record.cells != [""] { try take(record) }
  }
}
