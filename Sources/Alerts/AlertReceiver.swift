package import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1

/// Where alerts are posted, as JSON with a `text`, which is what chat services take. The address may hold a token: it is
/// never in an error.
package struct AlertReceiver: Sendable {
  private let client: HTTPClient
  private let url: String
  private let origin: String

  /// `origin` says which installation it is.
  package init(client: HTTPClient, url: String, origin: String) {
    self.client = client
    self.url = url
    self.origin = origin
  }

  package struct Refusal: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
  }

  package func post(_ entry: AlertBook.Entry) async throws(Refusal) {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.headers.add(name: "content-type", value: "application/json")
    let body: JSON = [
      "text": .string("\(origin): \(entry.text)"), "kind": .string(entry.kind), "id": .integer(entry.id),
      "runbook": .text(Alert.Kind(rawValue: entry.kind)?.runbook),
    ]
    request.body = .bytes(ByteBuffer(bytes: body.bytes))
    let status: UInt
    do { status = try await client.execute(request, timeout: .seconds(10)).status.code } catch {
      throw Refusal("no answer (\(type(of: error)))")
    }
    guard (200..<300).contains(status) else { throw Refusal("it answered \(status)") }
  }
}
