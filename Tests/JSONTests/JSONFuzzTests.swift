import JSON
import TestServers
import Testing

struct JSONFuzzTests {
  private static let originals = [
    #"{"a":[1,-0.5e3,{"b":null}],"ż":"\ud83d\ude00 \\ \" \u0000","c":{},"d":[],"e":true}"#,
    #"[[[["deep"]]],123456789012345678901234567890,"\/\b\f\n\r\t"]"#,
    #"{"time":"2026-01-01T12:00:00.123456Z","price":"49.99","quantity":2,"text":"Łódź 🐿️"}"#,
  ].map { Array($0.utf8) }

  @Test func `damaged JSON never traps, and what is taken is the same after it was written`() {
    let seed = SplitMix.seedOfThisRun
    var taken = 0
    let found = Fuzz.search(Self.originals, seed: seed, for: .seconds(1)) { bytes in
      guard let json = try? JSON.parse(bytes) else { return false }
      taken += 1
      _ = (json.integer, json.text, json.array.count, json["a"], json.description)
      return (try? JSON.parse(json.bytes)) != json
    }
    #expect(found.failure.map { String(decoding: $0, as: UTF8.self) } == nil, "seed \(seed)")
    #expect(found.tried > 1_000 && taken > 10)
  }
}
