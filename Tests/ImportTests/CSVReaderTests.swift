import Import
import Testing

@Suite struct CSVReaderTests {
  /// The records of a text that comes in pieces of that size.
  private func records(_ bytes: [UInt8], pieces size: Int = 3) throws -> [CSVRecord] {
    var reader = CSVReader(delimiter: CSVReader.delimiter(of: bytes))
    var records: [CSVRecord] = []
    for start in stride(from: 0, to: bytes.count, by: size) {
      try reader.feed(Array(bytes[start..<min(start + size, bytes.count)])) { records.append($0) }
    }
    try reader.finish { records.append($0) }
    return records
  }

  private func cells(_ text: String) throws -> [[String]] { try records(Array(text.utf8)).map(\.cells) }

  @Test func `quotes, line ends of all kinds and the mark of UTF-8 are understood`() throws {
    #expect(
      try cells("\u{FEFF}a,b\r\n\"x, \"\"y\"\"\",\"two\nlines\"\r\n\n1,\r2,ż")
        == [["a", "b"], ["x, \"y\"", "two\nlines"], ["1", ""], ["2", "ż"]])
  }

  @Test func `records know their line, also behind a cell of several lines`() throws {
    let lines = try records(Array("a;b\n\"1\r\n2\";x\n\n3;y\n".utf8)).map(\.line)
    #expect(lines == [1, 2, 5])
  }

  @Test(arguments: [
    ("a;b;c\n1,5;2;3", ";"), ("a\tb\n", "\t"), ("a|b\n", "|"), ("\"a;b\",c", ","), ("a", ","),
  ])
  func `the delimiter is the one that the header uses most`(text: String, delimiter: String) {
    #expect([CSVReader.delimiter(of: Array(text.utf8))] == Array(delimiter.utf8))
  }

  @Test(arguments: [
    ("a,b\n1,\"open\n2,3\n", "line 2, column 2: a quote is opened and never closed"),
    ("a,b\n\"x\"y,1\n", "line 2, column 1: a closing quote is followed by something else"),
  ])
  func `what is no CSV is said with line and column`(text: String, sentence: String) {
    #expect(performing: { try records(Array(text.utf8)) }, throws: { "\($0)" == sentence })
  }

  @Test func `text that is not UTF-8 is said with line and column`() {
    let bytes = Array("a,b\n1,".utf8) + [0xB3] + Array("\n".utf8)
    #expect(
      performing: { try records(bytes) },
      throws: { "\($0)" == "line 2, column 2: the text is not UTF-8; save the file as UTF-8" })
  }

  @Test func `a lost quote does not read the whole file into memory`() {
    let bytes = Array("a,\"".utf8) + [UInt8](repeating: UInt8(ascii: "x"), count: 1 << 20)
    #expect(
      performing: { try records(bytes, pieces: 1 << 16) },
      throws: { "\($0)".hasPrefix("line 1, column 2: the row is longer than") })
  }
}
