package import JSON
package import Time

/// The one table that says what an answer's status means.
package enum AnswerRules {
  /// Nil for an answer that is good; `now` is used for a `Retry-After` that is a date, where the answer has none.
  package static func failure(
    of answer: MarketplaceAnswer, to call: MarketplaceCall, now: Timestamp
  ) -> MarketplaceError? {
    switch answer.status {
    case 200..<300: nil
    case 401: .unauthorised(text(of: answer))
    case 403 where isHTML(answer.body): .malformed(surprise(answer))
    case 403: .unauthorised(text(of: answer))
    case 404, 410: .notFound(call.path)
    case 409, 412: .conflict(text(of: answer))
    case 429: .rateLimited(retryAfter: retryAfter(of: answer, now: now))
    case 408, 425, 500...:
      .unavailable(
        status: answer.status, retryAfter: retryAfter(of: answer, now: now))
    case 300..<400: .rejected(status: answer.status, "it answers with a redirection; check the base URL")
    default: .rejected(status: answer.status, text(of: answer))
    }
  }

  /// The JSON of a good answer.
  package static func json(of answer: MarketplaceAnswer) throws(MarketplaceError) -> JSON {
    if answer.body.isEmpty { return .null }
    if isHTML(answer.body) { throw .malformed(surprise(answer)) }
    do {
      return try JSON.parse(answer.body)
    } catch {
      throw .malformed("expected JSON, got \(answer.body.count) bytes that are \(error)")
    }
  }

  /// `Retry-After` in seconds or as a date; at most a day is believed.
  package static func retryAfter(of answer: MarketplaceAnswer, now: Timestamp) -> Duration? {
    guard let value = answer.headers["retry-after"] else { return nil }
    let day: Int64 = 86_400
    if let seconds = Int64(value) { return .seconds(min(max(seconds, 0), day)) }
    guard let until = Timestamp(httpDate: value) else { return nil }
    let wait = until - (answer.date ?? now)
    return min(max(wait, .zero), .seconds(day))
  }

  static func isHTML(_ body: [UInt8]) -> Bool {
    body.first { $0 > UInt8(ascii: " ") } == UInt8(ascii: "<")
  }

  private static func surprise(_ answer: MarketplaceAnswer) -> String {
    "expected JSON, got HTML with status \(answer.status): \(excerpt(answer.body))"
  }

  /// What the marketplace says about its refusal, short enough for a log line.
  private static func text(of answer: MarketplaceAnswer) -> String {
    guard let json = try? JSON.parse(answer.body) else {
      return answer.body.isEmpty ? "status \(answer.status)" : excerpt(answer.body)
    }
    let first = json["errors"][0]
    let candidates = [
      first["userMessage"], first["message"], first["code"], json["error_description"],
      json["error"]["message"],
      json["error"], json["message"], json["errors"],
    ]
    let said = candidates.lazy.compactMap(\.text).first { !$0.isEmpty }
    return said.map { excerpt(Array($0.utf8)) } ?? excerpt(answer.body)
  }

  private static func excerpt(_ bytes: [UInt8]) -> String {
    let text = String(decoding: bytes.prefix(200), as: UTF8.self)
    let words = text.split { $0.isWhitespace || $0.unicodeScalars.allSatisfy { $0.value < 32 } }
    return words.joined(separator: " ") + (bytes.count > 200 ? " …" : "")
  }
}
