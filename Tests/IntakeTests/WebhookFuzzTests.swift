import TestServers
import Testing

struct WebhookFuzzTests {
  @Test func `a damaged body that is signed is stored or refused, and never a failure of ours`() async throws
  {
    try await Porch.with(rate: 1_000_000) { porch in
      let seed = SplitMix.seedOfThisRun
      var random = SplitMix(seed: seed)
      let originals = [
        #"{"id":"w-1","at":"2026-01-01T12:00:00Z","text":"\u0000 é","n":[1,2e9,null]}"#,
        #"{"id":9007199254740993,"nested":{"a":[[[]]]},"id":"again"}"#,
      ].map { Array($0.utf8) }
      let end = ContinuousClock.now + .seconds(2)
      var statuses: [Int: Int] = [:]
      while .now < end {
        var bytes = originals[.random(in: 0..<originals.count, using: &random)]
        Fuzz.damage(&bytes, using: &random)
        let body = String(decoding: bytes, as: UTF8.self)
        let topic = ["inventory", "order", "order.named", "unknown"].randomElement(using: &random) ?? ""
        let status = try await porch.status(body, topic: topic)
        statuses[status, default: 0] += 1
        #expect(status == 200 || status == 400, "\(topic): \(body), seed \(seed)")
      }
      #expect(statuses[200, default: 0] > 10 && statuses[400, default: 0] > 10)
    }
  }
}
