import Time

/// The calls of one connection: admitted by its gate, authorised, sent once, and classified.
package struct MarketplaceClient: Sendable {
  let transport: any MarketplaceTransport
  let gate: any CallGate
  let authorisation: any Authorisation

  package init(
    transport: any MarketplaceTransport, gate: any CallGate = OpenGate(), authorisation: any Authorisation
  ) {
    self.transport = transport
    self.gate = gate
    self.authorisation = authorisation
  }

  /// Finds the failure in an answer whose status says that all is well; nil when there is none.
  package typealias Judge = @Sendable (JSONAnswer) -> MarketplaceError?

  /// Sends a call and reads its answer as JSON. A call is repeated only when it was refused for its credentials
  /// and there are newer ones by now: it had no effect then. What `judge` finds is a failure of the call like any
  /// other: gate and breakers hear of it.
  package func json(
    _ call: MarketplaceCall, judge: Judge = { _ in nil }
  ) async throws(MarketplaceError) -> JSONAnswer {
    let first = try await authorisation.header()
    do {
      return try await attempt(call, with: first, judge)
    } catch .unauthorised(let text) {
      guard try await authorisation.refused(first) else { throw .unauthorised(text) }
    }
    return try await attempt(call, with: try await authorisation.header(), judge)
  }

  private func attempt(
    _ call: MarketplaceCall, with header: AuthorisationHeader, _ judge: Judge
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await gate.admit()
    do throws(MarketplaceError) {
      var authorised = call
      authorised.headers.append((header.name, header.value))
      let answer = try await transport.send(authorised)
      let good = try read(answer, to: call)
      if let failure = judge(good) { throw failure }
      await gate.settle(nil)
      return good
    } catch {
      let failure = error.without(header.value)
      await gate.settle(failure)
      throw failure
    }
  }

  private func read(
    _ answer: MarketplaceAnswer, to call: MarketplaceCall
  ) throws(MarketplaceError) -> JSONAnswer {
    let now = Timestamp.now()
    if let failure = AnswerRules.failure(of: answer, to: call, now: now) { throw failure }
    return JSONAnswer(
      json: try AnswerRules.json(of: answer), date: answer.date ?? now, headers: answer.headers)
  }
}

extension MarketplaceError {
  /// The same error without a secret that a peer may have echoed; the words of a header (`Bearer x`) one by one.
  func without(_ secret: String) -> MarketplaceError {
    func clean(_ text: String) -> String {
      secret.split(separator: " ").filter { $0.utf8.count >= 8 }.reduce(text) { text, word in
        text.split(separator: word, omittingEmptySubsequences: false).joined(separator: "***")
      }
    }
    return switch self {
    case .unauthorised(let text): .unauthorised(clean(text))
    case .malformed(let text): .malformed(clean(text))
    case .rejected(let status, let text): .rejected(status: status, clean(text))
    case .conflict(let text): .conflict(clean(text))
    case .network(let text): .network(clean(text))
    case .notFound(let text): .notFound(clean(text))
    default: self
    }
  }
}
