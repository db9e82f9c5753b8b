import JSON
import Testing

@Suite struct JSONReaderTests {
  /// Runs `body` with a reader over the bytes of `text`.
  private func read<Result>(
    _ text: String, _ body: (inout JSONReader) throws -> Result
  ) throws -> Result {
    try Array(text.utf8).withUnsafeBytes { bytes in
      var reader = JSONReader(bytes)
      return try body(&reader)
    }
  }

  @Test func `an object is read key by key, in whatever order`() throws {
    let text = #" { "skip" : [1,{"deep":[]}], "count" : 3 , "\u006eame":"x" , "none":null } "#
    try read(text) { reader in
      var (count, name): (Int64?, String?)
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "count": count = try reader.integer()
        case "name": name = try reader.string()
        case "none": #expect(try reader.null())
        default: try reader.skipValue()
        }
      }
      try reader.finish()
      #expect(count == 3)
      #expect(name == "x")
    }
  }

  @Test func `an array is read element by element`() throws {
    let numbers = try read("[1, 2 ,3]") { reader in
      var numbers: [Int64] = []
      try reader.beginArray()
      while try reader.nextElement() { numbers.append(try reader.integer()) }
      return numbers
    }
    #expect(numbers == [1, 2, 3])
  }

  @Test func `another type is told apart from broken JSON`() throws {
    let mismatch = #expect(throws: JSONError.self) { try read(" 1") { try $0.string() } }
    #expect(mismatch?.reason == .mismatch("a string"))
    #expect(mismatch?.offset == 1)
    let broken = #expect(throws: JSONError.self) { try read(" x") { try $0.string() } }
    #expect(broken?.isSyntax == true)
  }

  @Test func `keys of all lengths are compared whole`() throws {
    try read(#"{"ab":1,"abcd":2,"abcdefgh":3,"abcdefghijklm":4,"abcdefghijklmnop":5}"#) { reader in
      var found: [Int] = []
      try reader.beginObject()
      while let key = try reader.nextKey() {
        switch key {
        case "aB", "abcD", "abcdefgH", "abcdefghijklM", "abcdefghijklmnoP", "", "abcdefghijkl":
          found.append(0)
        case "ab": found.append(1)
        case "abcd": found.append(2)
        case "abcdefgh": found.append(3)
        case "abcdefghijklm": found.append(4)
        case "abcdefghijklmnop": found.append(5)
        default: found.append(-1)
        }
        try reader.skipValue()
      }
      #expect(found == [1, 2, 3, 4, 5])
    }
  }

  @Test func `strings of every length around a word end where their quote is`() throws {
    for length in 0..<40 {
      for (written, read) in [("", ""), ("é", "é"), (#"\n"#, "\n"), ("\u{7f}", "\u{7f}")] {
        let start = String(repeating: "a", count: length)
        let text = start + written
        #expect(try self.read("\"\(text)\",\"tail\"") { try $0.string() } == start + read)
        #expect(throws: JSONError.self) { try self.read("\"\(text)\u{1f}\"") { try $0.string() } }
        #expect(throws: JSONError.self) { try self.read("\"\(text)") { try $0.string() } }
      }
    }
  }

  @Test func `a value can be read again`() throws {
    try read(#"{"a":[1,2],"b":3}"#) { reader in
      try reader.beginObject()
      _ = try reader.nextKey()
      let offset = reader.offset
      try reader.skipValue()
      _ = try reader.nextKey()
      try reader.skipValue()
      #expect(try reader.nextKey() == nil)
      try reader.finish()
      reader.rewind(to: offset)
      #expect(try reader.value() == [1, 2])
    }
  }

  @Test func `an excerpt shows a scalar, cut, and nothing of a container`() throws {
    try read(#"[12345, {"secret":1}]"#) { reader in
      #expect(reader.excerpt(at: 1) == "12345")
      #expect(reader.excerpt(at: 1, limit: 2) == "12…")
      #expect(reader.excerpt(at: 8) == nil)
      #expect(reader.excerpt(at: 1000) == nil)
      #expect(reader.offset == 0)
    }
  }

  @Test func `what the tree's writer writes the reader reads`() throws {
    var writer = JSONWriter()
    writer.beginObject()
    writer.key("a")
    writer.beginArray()
    writer.integer(1)
    writer.string("x,\"")
    writer.null()
    writer.bool(true)
    writer.beginObject()
    writer.endObject()
    writer.endArray()
    writer.key("k\"")
    writer.raw("[]")
    writer.key("z")
    writer.integer(UInt64.max)
    writer.endObject()
    let text = String(decoding: writer.bytes, as: UTF8.self)
    #expect(text == #"{"a":[1,"x,\"",null,true,{}],"k\"":[],"z":18446744073709551615}"#)
  }
}
