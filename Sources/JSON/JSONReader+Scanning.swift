extension JSONReader {
  /// The first byte that is not white space, not taken; 0, which no value begins with, at the end.
  @inlinable @inline(__always)
  mutating func peek() -> UInt8 {
    if offset < count {
      let byte = base[offset]
      if byte > 0x20 { return byte }
    }
    return peekPastSpace()
  }

  @usableFromInline
  mutating func peekPastSpace() -> UInt8 {
    skipSpace()
    return offset < count ? base[offset] : 0
  }

  mutating func skipSpace() {
    while offset < count {
      switch base[offset] {
      case 0x20, 0x0A, 0x0D, 0x09: offset &+= 1
      default: return
      }
    }
  }

  @usableFromInline
  func unexpected(_ what: String) -> JSONError {
    offset < count ? JSONError(.expected(what), at: offset) : JSONError(.ended, at: count)
  }

  /// The error for a value of another type, or for what is no value at all.
  mutating func mismatch(_ what: String) throws(JSONError) -> JSONError {
    _ = try kind()
    return JSONError(.mismatch(what), at: offset)
  }

  /// Takes a string, whose opening quote is the next byte; escapes are checked, not resolved.
  @usableFromInline
  mutating func quoted() throws(JSONError) -> JSONSlice {
    let start = offset &+ 1
    var index = start
    var isEscaped = false
    while true {
      index = JSONText.plainEnd(base, from: index, count: count)
      guard index < count else { throw JSONError(.ended, at: count) }
      let byte = base[index]
      if byte == UInt8(ascii: "\"") { break }
      guard byte == UInt8(ascii: "\\") else { throw JSONError(.expected("no control character"), at: index) }
      isEscaped = true
      index = try escapeEnd(from: index)
    }
    offset = index &+ 1
    return JSONSlice(start: base + start, count: index &- start, isEscaped: isEscaped)
  }

  private func escapeEnd(from index: Int) throws(JSONError) -> Int {
    guard index + 1 < count else { throw JSONError(.ended, at: count) }
    switch base[index + 1] {
    case UInt8(ascii: "u"):
      guard index + 6 <= count else { throw JSONError(.ended, at: count) }
      guard JSONText.hex4(UnsafeBufferPointer(start: base, count: count), at: index + 2) != nil else {
        throw JSONError(.expected("four hexadecimal digits"), at: index + 2)
      }
      return index + 6
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return index + 2
    default: throw JSONError(.expected("an escape"), at: index + 1)
    }
  }

  /// Takes a number and gives its bytes as written.
  mutating func numberBytes() throws(JSONError) -> UnsafeBufferPointer<UInt8> {
    let start = offset
    if offset < count, base[offset] == UInt8(ascii: "-") { offset &+= 1 }
    if offset < count, base[offset] == UInt8(ascii: "0") {
      offset &+= 1
    } else {
      try digits()
    }
    if offset < count, base[offset] == UInt8(ascii: ".") {
      offset &+= 1
      try digits()
    }
    if offset < count, base[offset] | 0x20 == UInt8(ascii: "e") {
      offset &+= 1
      if offset < count, base[offset] == UInt8(ascii: "+") || base[offset] == UInt8(ascii: "-") {
        offset &+= 1
      }
      try digits()
    }
    return UnsafeBufferPointer(start: base + start, count: offset - start)
  }

  private mutating func digits() throws(JSONError) {
    let start = offset
    while offset < count, base[offset] &- UInt8(ascii: "0") < 10 { offset &+= 1 }
    if offset == start { throw unexpected("a digit") }
  }

  mutating func literal(_ word: StaticString) throws(JSONError) {
    for index in 0..<word.utf8CodeUnitCount {
      guard offset < count else { throw JSONError(.ended, at: count) }
      guard base[offset] == word.utf8Start[index] else { throw JSONError(.expected("a value"), at: offset) }
      offset &+= 1
    }
  }
}
