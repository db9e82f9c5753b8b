import JSON
package import Marketplaces
import Time

import struct Foundation.Data

/// eBay's token service (OAuth 2, RFC 6749). Its refresh tokens live for 18 months and can be used again and again.
package struct EbayOAuth: Sendable {
  let transport: any MarketplaceTransport

  package init(transport: any MarketplaceTransport) {
    self.transport = transport
  }

  package func refresh(
    _ refreshToken: String, _ secrets: Secrets
  ) async throws(MarketplaceError) -> TokenPair {
    guard let id = secrets.text("clientId"), let secret = secrets.text("clientSecret") else {
      throw .unauthorised("the connection's credentials lack clientId or clientSecret")
    }
    let form = "grant_type=refresh_token&refresh_token=" + PercentEncoding.query(refreshToken)
    let call = MarketplaceCall(
      .post, "/identity/v1/oauth2/token",
      headers: [
        ("authorization", "Basic " + Data("\(id):\(secret)".utf8).base64EncodedString()),
        ("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"),
      ], body: Array(form.utf8))
    let answer = try await transport.send(call)
    let now = Timestamp.now()
    // Only the code of a refusal: its text may quote the token.
    if answer.status == 400 {
      let code = (try? AnswerRules.json(of: answer))?["error"].text ?? "status 400"
      throw .unauthorised("the token service answers \(code.prefix(40)); authorise the connection again")
    }
    if let failure = AnswerRules.failure(of: answer, to: call, now: now) { throw failure }
    guard let pair = TokenPair(answer: try AnswerRules.json(of: answer), at: now) else {
      throw .malformed("the token service's answer has no access token")
    }
    return pair
  }
}
