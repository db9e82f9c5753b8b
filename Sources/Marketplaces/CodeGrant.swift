import JSON
import Time

import struct Foundation.Data

/// An account's first authorisation: its owner says yes in a browser, and the code that the browser comes back with is
/// traded for tokens (RFC 6749, section 4.1).
package protocol CodeGrant: Sendable {
  /// The page where the owner says yes. The browser is sent on to `redirectURL`, with a code and the same `state`.
  func authorizationURL(
    redirectURL: String, state: String, _ secrets: Secrets
  ) throws(MarketplaceError) -> String

  /// Trades the code, which works once, for the first tokens.
  func exchange(
    code: String, redirectURL: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair
}

/// The endpoint that gives tokens (RFC 6749, section 3.2).
package enum TokenEndpoint {
  /// Sends a form, and reads the tokens that it answers with.
  package static func ask(
    _ call: MarketplaceCall, over transport: any MarketplaceTransport
  ) async throws(MarketplaceError) -> TokenPair {
    let answer = try await transport.send(call)
    let now = Timestamp.now()
    if answer.status == 400 { throw .unauthorised(refusal(answer)) }
    if let failure = AnswerRules.failure(of: answer, to: call, now: now) { throw failure }
    guard let pair = TokenPair(answer: try AnswerRules.json(of: answer), at: now) else {
      throw .malformed("the token service's answer has no access token")
    }
    return pair
  }

  /// The body of a form.
  package static func form(_ fields: [(name: String, value: String)]) -> [UInt8] {
    let pairs = fields.map { PercentEncoding.query($0.name) + "=" + PercentEncoding.query($0.value) }
    return Array(pairs.joined(separator: "&").utf8)
  }

  /// The headers of a form whose sender is known by an id and a secret.
  package static func headers(clientId: String, clientSecret: String) -> [(name: String, value: String)] {
    [
      ("authorization", "Basic " + Data("\(clientId):\(clientSecret)".utf8).base64EncodedString()),
      ("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"),
    ]
  }

  /// Only the code of the refusal: its text may quote a token.
  private static func refusal(_ answer: MarketplaceAnswer) -> String {
    let code = (try? AnswerRules.json(of: answer))?["error"].text ?? "status 400"
    return
      "the token service answers \(code.prefix(40)); `crossdock connections authorize` asks its owner again"
  }
}
