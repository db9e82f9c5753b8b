import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Testing

/// Answers from a list, and remembers what it was asked.
final class ScriptedTransport: MarketplaceTransport {
  let asked = NIOLockedValueBox<[MarketplaceCall]>([])
  let answer: @Sendable (MarketplaceCall, Int) -> MarketplaceAnswer

  init(_ answer: @escaping @Sendable (MarketplaceCall, Int) -> MarketplaceAnswer) {
    self.answer = answer
  }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    let count = asked.withLockedValue { asked in
      asked.append(call)
      return asked.count
    }
    return answer(call, count)
  }
}

/// Tokens that get a number higher each time one is refused.
final class CountedTokens: Authorisation {
  let number = NIOLockedValueBox(1)
  let renews: Bool

  init(renews: Bool) {
    self.renews = renews
  }

  func header() async throws(MarketplaceError) -> AuthorisationHeader {
    AuthorisationHeader(name: "authorization", value: "Bearer secret-token-\(number.withLockedValue { $0 })")
  }

  func refused(_ header: AuthorisationHeader) async throws(MarketplaceError) -> Bool {
    if renews { number.withLockedValue { $0 += 1 } }
    return renews
  }
}

@Suite struct ClientTests {
  @Test func `a refused token is replaced once and the call repeated`() async throws {
    let transport = ScriptedTransport { _, count in
      MarketplaceAnswer(status: count == 1 ? 401 : 200, body: Array("{}".utf8))
    }
    let client = MarketplaceClient(transport: transport, authorisation: CountedTokens(renews: true))
    _ = try await client.json(MarketplaceCall(.get, "/me"))
    let tokens = transport.asked.withLockedValue { $0.map { $0.headers.last?.value } }
    #expect(tokens == ["Bearer secret-token-1", "Bearer secret-token-2"])
  }

  @Test func `a token that can't be replaced, and one refused twice, end the call`() async throws {
    for renews in [true, false] {
      let transport = ScriptedTransport { _, _ in MarketplaceAnswer(status: 401) }
      let client = MarketplaceClient(transport: transport, authorisation: CountedTokens(renews: renews))
      await #expect(throws: MarketplaceError.self) { try await client.json(MarketplaceCall(.get, "/me")) }
      #expect(transport.asked.withLockedValue { $0.count } == (renews ? 2 : 1))
    }
  }

  @Test func `nothing else is repeated`() async throws {
    let transport = ScriptedTransport { _, _ in MarketplaceAnswer(status: 503) }
    let client = MarketplaceClient(transport: transport, authorisation: CountedTokens(renews: true))
    await #expect(throws: MarketplaceError.unavailable(status: 503, retryAfter: nil)) {
      try await client.json(MarketplaceCall(.post, "/stock"))
    }
    #expect(transport.asked.withLockedValue { $0.count } == 1)
  }

  @Test func `a token that the peer echoes is not in the error`() async throws {
    let transport = ScriptedTransport { call, _ in
      MarketplaceAnswer(
        status: 400, body: Array("bad header \(call.headers.last?.value ?? "")".utf8))
    }
    let client = MarketplaceClient(transport: transport, authorisation: CountedTokens(renews: true))
    do {
      _ = try await client.json(MarketplaceCall(.get, "/me"))
      Issue.record("no error")
    } catch {
      #expect(!"\(error)".contains("secret-token"))
      #expect("\(error)".contains("bad header"))
    }
  }

  @Test func `a header and secrets print without their values`() {
    let header = AuthorisationHeader(name: "authorization", value: "Bearer abc")
    let secrets = Secrets(["accessToken": "abc"])
    var dumped = ""
    dump((header, secrets), to: &dumped)
    #expect(!"\(header)\(secrets)\(String(reflecting: secrets))\(dumped)".contains("abc"))
  }

  @Test func `many are asked, never more than the width at a time, and the first failure ends it`()
    async throws
  {
    let running = NIOLockedValueBox((now: 0, most: 0))
    let answers = try await concurrently(Array(1...40), width: 4) { number throws(MarketplaceError) in
      running.withLockedValue { ($0.now, $0.most) = ($0.now + 1, max($0.most, $0.now + 1)) }
      await Task.yield()
      running.withLockedValue { $0.now -= 1 }
      return number * 2
    }
    #expect(answers.count == 40 && answers[7] == 14)
    #expect(running.withLockedValue { $0.most } <= 4)
    await #expect(throws: MarketplaceError.notFound("x")) {
      try await concurrently([1, 2, 3]) { (_: Int) throws(MarketplaceError) -> Int in throw .notFound("x") }
    }
  }
}
