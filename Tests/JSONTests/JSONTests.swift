import JSON
import Testing
import Time

@Suite struct JSONTests {
  @Test(arguments: [
    "null", "true", "false", "0", "-0", "1.5", "1e5", "-1.25E-7", #""""#, #""a""#, "[]", "{}", " [ 1 , 2 ] ",
    "{\"a\":{\"b\":[null]}}", "\t\r\n 1 \n", "\"\u{2028}\"", "\"\u{7f}\"", "\"🐿️\"", #""\/\b\f\n\r\t\"\\""#,
    "123456789012345678901234567890", "1E400", "[[[[[[]]]]]]",
  ])
  func `JSON is read`(text: String) throws {
    _ = try JSON.parse(text)
  }

  @Test(arguments: [
    "", " ", "nul", "nulll", "True", "+1", "01", "1.", ".5", "1e", "1e+", "-", "0x1", "NaN", "Infinity",
    "'a'", "\"a",
    "\"\\\"", #""\x""#, #""\u12""#, #""\u12g4""#, "\"\u{1}\"", "\"\n\"", "[", "]", "[1", "[1,", "[1,]",
    "[,1]", "[1 2]",
    "{", "{]", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{,}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "{\"a\" 1}",
    "1 2",
    "[]]", "{}{}", "null,", "// a\n1", "\u{FEFF}1", "<html>403</html>", "\u{0}", "1\u{0}", "[\u{b}1]",
    "\u{a0}1",
  ])
  func `what is not JSON is refused with its place`(text: String) {
    let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
    #expect(error?.isSyntax == true)
    #expect((0...text.utf8.count).contains(error?.offset ?? -1))
  }

  @Test func `the error names the byte`() {
    let error = #expect(throws: JSONError.self) { try JSON.parse(#"{"a":tru}"#) }
    #expect(error?.description == "not JSON at byte 8: expected a value")
    let cut = #expect(throws: JSONError.self) { try JSON.parse(#"{"a":"b"#) }
    #expect(cut?.description == "not JSON: it ends at byte 7 in the middle of a value")
  }

  @Test func `a hundred thousand brackets are an error and not a crash`() {
    for bracket in ["[", "{\"a\":"] {
      let text = String(repeating: bracket, count: 100_000)
      let error = #expect(throws: JSONError.self) { try JSON.parse(text) }
      #expect(error?.reason == .tooDeep(64))
    }
  }

  @Test func `as deep as allowed is read, one deeper is not`() throws {
    func nested(_ depth: Int) -> String {
      String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
    }
    _ = try JSON.parse(nested(64))
    #expect(throws: JSONError.self) { try JSON.parse(nested(65)) }
    _ = try JSON.parse(nested(3), maxDepth: 3)
    #expect(throws: JSONError.self) { try JSON.parse(nested(4), maxDepth: 3) }
  }

  @Test func `numbers stay as they were written`() throws {
    let json = try JSON.parse("[820982911946154508, 1.10, 1E2, -0]")
    #expect(json.array.map(\.text) == ["820982911946154508", "1.10", "1E2", "-0"])
    #expect(json.description == "[820982911946154508,1.10,1E2,-0]")
  }

  @Test(arguments: [
    ("3", 3), ("\"3\"", 3), ("3.0", 3), ("-3.00", -3), ("3e2", 300), ("300e-2", 3), ("1.5e1", 15),
    ("0e999999999", 0),
    ("9223372036854775807", Int64.max), ("-9223372036854775808", Int64.min),
    ("\"-9223372036854775808.0\"", Int64.min),
    ("0.0", 0), ("-0", 0),
  ])
  func `a whole number is exact however it is written`(text: String, value: Int64) throws {
    #expect(try JSON.parse(text).integer == value)
  }

  @Test(arguments: [
    "2.5", "\"\"", "\"a\"", "\"3 \"", "\"+3\"", "\"3.\"", "\"3e\"", "9223372036854775808",
    "-9223372036854775809", "1e19",
    "1e999999999", "1e-999999999", "[1]", "null", "true", "0.1", "\"1e5x\"",
  ])
  func `what is no whole number gives none`(text: String) throws {
    #expect(try JSON.parse(text).integer == nil)
  }

  @Test func `NUL and lone surrogates become U+FFFD so that Postgres can hold them`() throws {
    #expect(try JSON.parse(#""a\u0000b""#).text == "a\u{FFFD}b")
    #expect(try JSON.parse(#""\ud800""#).text == "\u{FFFD}")
    #expect(try JSON.parse(#""\udc00x""#).text == "\u{FFFD}x")
    #expect(try JSON.parse(#""\ud800\ud800""#).text == "\u{FFFD}\u{FFFD}")
    #expect(try JSON.parse(#""\ud800\n""#).text == "\u{FFFD}\n")
    #expect(try JSON.parse(#""\ud83d\ude00""#).text == "😀")
    #expect(try JSON.parse(#"{"a\u0000":1}"#)["a\u{FFFD}"].integer == 1)
    #expect(JSON.string("a\u{0}b").description == #""a\ufffdb""#)
  }

  @Test func `invalid UTF-8 in a string is repaired`() throws {
    let bytes: [UInt8] = [0x22, 0x61, 0xFF, 0xC3, 0x22]
    #expect(try JSON.parse(bytes).text == "a\u{FFFD}\u{FFFD}")
    #expect(throws: JSONError.self) { try JSON.parse([0xFF] as [UInt8]) }
  }

  @Test func `of a key given twice the last one counts`() throws {
    #expect(try JSON.parse(#"{"a":1,"a":2}"#)["a"].integer == 2)
  }

  @Test func `what is not there is null, however deep one asks`() throws {
    let json = try JSON.parse(#"{"a":[{"b":1}]}"#)
    #expect(json["a"][0]["b"].integer == 1)
    #expect(json["a"][1]["b"].isNull)
    #expect(json["a"][-1].isNull)
    #expect(json["x"]["y"][3].text == nil)
    #expect(json.array.isEmpty)
  }

  @Test func `the writer sorts keys and escapes what must be escaped`() throws {
    let json: JSON = ["b": 1, "a": ["x\"\\\n\u{1}é", nil, true], "c": [:]]
    #expect(json.description == #"{"a":["x\"\\\n\u0001é",null,true],"b":1,"c":{}}"#)
    #expect(try JSON.parse(json.bytes) == json)
  }

  @Test func `the writer appends after what is there`() {
    var bytes = Array("x[".utf8)
    JSON.integer(1).write(into: &bytes)
    #expect(String(decoding: bytes, as: UTF8.self) == "x[1")
  }

  @Test func `a member can be set, also where there was no object`() {
    var json = JSON.null
    json["a"] = 1
    json["a"] = "b"
    #expect(json == ["a": "b"])
  }

  @Test func `times are read from strings only`() throws {
    #expect(JSON.string("1970-01-01T00:00:01Z").timestamp == Timestamp(secondsSince1970: 1))
    #expect(JSON.number("1").timestamp == nil)
  }
}
