import JSON
import Marketplaces
import Testing
import Time

@Suite struct AnswerRulesTests {
  let call = MarketplaceCall(.get, "/sale/offers")
  let now = Timestamp("2026-01-01T12:00:00Z") ?? .epoch

  func failure(_ status: Int, _ body: String = "", _ headers: [String: String] = [:]) -> MarketplaceError? {
    AnswerRules.failure(
      of: MarketplaceAnswer(status: status, headers: headers, body: Array(body.utf8)), to: call, now: now)
  }

  @Test func `each status has one meaning`() {
    #expect(failure(200) == nil)
    #expect(failure(404) == .notFound("/sale/offers"))
    #expect(failure(503) == .unavailable(status: 503, retryAfter: nil))
    #expect(failure(409)?.errorClass == .conflict)
    #expect(failure(422)?.errorClass == .rejected)
    #expect(failure(302)?.errorClass == .rejected)
    #expect(failure(401)?.errorClass == .unauthorised)
    #expect(failure(403, "{}")?.errorClass == .unauthorised)
  }

  @Test func `html with 403 is an answer that can't be read, not a refusal`() {
    #expect(failure(403, "\n <!DOCTYPE html><title>Blocked</title>")?.errorClass == .malformed)
  }

  @Test func `a limit is heard in seconds, as a date, or not at all`() {
    #expect(failure(429) == .rateLimited(retryAfter: nil))
    #expect(failure(429, "", ["retry-after": "7"]) == .rateLimited(retryAfter: .seconds(7)))
    let date = ["date": "Thu, 01 Jan 2026 12:00:00 GMT", "retry-after": "Thu, 01 Jan 2026 12:01:30 GMT"]
    #expect(failure(429, "", date) == .rateLimited(retryAfter: .seconds(90)))
    #expect(failure(429, "", ["retry-after": "-5"]) == .rateLimited(retryAfter: .zero))
    #expect(failure(429, "", ["retry-after": "99999999999"]) == .rateLimited(retryAfter: .seconds(86_400)))
    #expect(failure(429, "", ["retry-after": "soon"]) == .rateLimited(retryAfter: nil))
  }

  @Test func `the marketplace's own words are kept, and kept short`() {
    let error = failure(422, #"{"errors":[{"code":"X","message":"m","userMessage":"Stock is too low"}]}"#)
    #expect(error == .rejected(status: 422, "Stock is too low"))
    guard case .rejected(_, let text)? = failure(400, String(repeating: "é", count: 5_000)) else {
      Issue.record("not rejected")
      return
    }
    #expect(text.utf8.count < 300)
  }

  @Test func `html or a cut body where json is expected is said so`() {
    for body in ["<html>", #"{"a":"#] {
      #expect(throws: MarketplaceError.self) {
        try AnswerRules.json(of: MarketplaceAnswer(status: 200, body: Array(body.utf8)))
      }
    }
    #expect(throws: Never.self) { try AnswerRules.json(of: MarketplaceAnswer(status: 204)) }
  }

  @Test func `query values are encoded, so that a plus in a cursor stays one`() {
    let call = MarketplaceCall(.get, "/a", query: [("from", "a+b/ü &"), ("sort", "-x")])
    #expect(call.target == "/a?from=a%2Bb%2F%C3%BC%20%26&sort=-x")
    #expect(PercentEncoding.segment("a/../b") == "a%2F..%2Fb")
  }
}
