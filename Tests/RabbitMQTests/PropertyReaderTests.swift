import RabbitMQ
import Testing

struct PropertyReaderTests {
  @Test func `random bytes never read outside themselves`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<20_000 {
      let count = Int.random(in: 0...64, using: &generator)
      var bytes = (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
      if count > 6 { bytes.replaceSubrange(0..<6, with: [0x20, 0, 0, 0, 0, UInt8(count - 6)]) }
      bytes.withUnsafeBytes { bytes in
        let reader = PropertyReader(bytes: bytes)
        for property in PropertyReader.Property.allCases { _ = reader.find(property) }
        _ = reader.header("x-death")
        #expect(reader.headers().count <= count)
      }
    }
  }

  @Test func `headers in every encoding of AMQP are read`() {
    var table: [UInt8] = []
    func add(_ name: String, _ kind: Character, _ value: [UInt8]) {
      table += [UInt8(name.utf8.count)] + Array(name.utf8) + [kind.asciiValue ?? 0] + value
    }
    add("b", "b", [0xff])
    add("B", "B", [0xff])
    add("s", "s", [0xff, 0xfe])
    add("u", "u", [0xff, 0xfe])
    add("I", "I", [0xff, 0xff, 0xff, 0xfd])
    add("i", "i", [0xff, 0xff, 0xff, 0xfd])
    add("l", "l", [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfc])
    add("D", "D", [2, 0, 0, 1, 44])
    add("x", "x", [0, 0, 0, 2, 7, 8])
    add("V", "V", [])
    add("A", "A", [0, 0, 0, 4, 0x74, 1, 0x74, 0])
    let size = UInt32(table.count)
    let bytes: [UInt8] = [0x20, 0] + withUnsafeBytes(of: size.bigEndian, Array.init) + table
    bytes.withUnsafeBytes { bytes in
      let reader = PropertyReader(bytes: bytes)
      let expected: [(String, HeaderValue)] = [
        ("b", -1), ("B", 255), ("s", -2), ("u", 65_534), ("I", -3), ("i", 4_294_967_293), ("l", -4),
        ("D", .double(3)), ("x", .bytes([7, 8])), ("V", .null), ("A", .array([true, false])),
      ]
      for (name, value) in expected { #expect(reader.header(name) == value) }
      #expect(reader.headers().map(\.0) == expected.map(\.0))
    }
  }

  @Test func `tables nested too deeply read as absent`() {
    var value: [UInt8] = [UInt8(ascii: "t"), 1]
    for _ in 0..<40 {
      value = [UInt8(ascii: "A")] + withUnsafeBytes(of: UInt32(value.count).bigEndian, Array.init) + value
    }
    let table = [1, UInt8(ascii: "d")] + value
    let bytes: [UInt8] = [0x20, 0] + withUnsafeBytes(of: UInt32(table.count).bigEndian, Array.init) + table
    bytes.withUnsafeBytes { #expect(PropertyReader(bytes: $0).header("d") == nil) }
  }
}
