package import JSON
package import Marketplaces
import NIOConcurrencyHelpers

/// A marketplace that answers by a table of paths; what is not there is 404.
package final class ScriptedTransport: MarketplaceTransport {
  /// An answer: a status and its body.
  package struct Answer: Sendable {
    package var status: Int
    package var body: [UInt8]

    package init(_ status: Int, _ body: String) {
      (self.status, self.body) = (status, Array(body.utf8))
    }

    package init(_ json: JSON) {
      (status, body) = (200, json.bytes)
    }
  }

  /// The moment of every answer.
  package static let date = "Thu, 01 Jan 2026 12:00:10 GMT"

  private let answers: [String: Answer]
  private let asked = NIOLockedValueBox<[MarketplaceCall]>([])

  package init(_ answers: [String: Answer]) {
    self.answers = answers
  }

  package convenience init(_ answers: [String: JSON]) {
    self.init(answers.mapValues { Answer($0) })
  }

  package var calls: [MarketplaceCall] { asked.withLockedValue { $0 } }

  package func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    asked.withLockedValue { $0.append(call) }
    guard let answer = answers[call.path] else { return MarketplaceAnswer(status: 404) }
    return MarketplaceAnswer(status: answer.status, headers: ["date": Self.date], body: answer.body)
  }

  /// A client of it with a header that it does not look at.
  package var client: MarketplaceClient {
    MarketplaceClient(
      transport: self,
      authorisation: FixedAuthorisation(.init(name: "authorization", value: "secret-token-1")))
  }
}
