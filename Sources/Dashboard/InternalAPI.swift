import Foundation
package import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdCore
import JSON
import NIOCore

/// The HTTP API as the dashboard uses it: within the process, with the visitor's own token, so that a page shows and
/// does exactly what the API lets its visitor see and do.
package struct InternalAPI: Sendable {
  private let responder: Responder

  /// `responder`: that of a gateway with the API's routes.
  package init(_ responder: Responder) {
    self.responder = responder
  }

  /// Parameters without a value are left out.
  func get(_ path: String, _ query: KeyValuePairs<String, String?> = [:], as visitor: Visitor) async throws
    -> JSON
  {
    let parameters = query.compactMap { name, value in
      value.flatMap { $0.isEmpty ? nil : "\(name)=\($0.percentEncoded)" }
    }
    let tail = parameters.isEmpty ? "" : "?" + parameters.joined(separator: "&")
    return try await ask(.get, path + tail, nil, [:], as: visitor)
  }

  /// `key`: the same key is answered the same and has no second effect.
  func post(_ path: String, _ body: JSON, key: String? = nil, as visitor: Visitor) async throws -> JSON {
    var headers: HTTPFields = [.contentType: "application/json"]
    headers[.idempotencyKey] = key
    return try await ask(.post, path, body, headers, as: visitor)
  }

  func put(_ path: String, _ body: JSON, as visitor: Visitor) async throws -> JSON {
    try await ask(.put, path, body, [.contentType: "application/json"], as: visitor)
  }

  private func ask(
    _ method: HTTPRequest.Method, _ path: String, _ body: JSON?, _ headers: HTTPFields, as visitor: Visitor
  ) async throws -> JSON {
    var headers = headers
    headers[.authorization] = "Bearer " + visitor.token
    let head = HTTPRequest(method: method, scheme: nil, authority: nil, path: path, headerFields: headers)
    let request = Request(head: head, body: .init(buffer: ByteBuffer(bytes: body?.bytes ?? [])))
    let response = try await responder.respond(to: request, context: GatewayContext(beside: visitor.context))
    let json = (try? JSON.parse(try await response.body.bytes())) ?? .null
    guard response.status.code < 400 else {
      throw Problem(response.status, json["detail"].text ?? response.status.reasonPhrase)
    }
    return json
  }
}

/// Who looks at a page.
struct Visitor: Sendable {
  var caller: Caller
  var token: String
  var context: CallerContext
}

extension String {
  /// For one part of a path or one value of a query.
  var percentEncoded: String {
    addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(CharacterSet(charactersIn: "-._~")))
      ?? ""
  }
}

extension ResponseBody {
  /// All of it.
  func bytes() async throws -> [UInt8] {
    let collector = Collector()
    try await write(collector)
    return await collector.store.bytes
  }
}

/// Keeps what is written.
private struct Collector: ResponseBodyWriter {
  actor Store {
    var bytes: [UInt8] = []
    func append(_ buffer: ByteBuffer) { bytes.append(contentsOf: buffer.readableBytesView) }
  }

  let store = Store()

  mutating func write(_ buffer: ByteBuffer) async throws { await store.append(buffer) }
  consuming func finish(_ trailingHeaders: HTTPFields?) async throws {}
}
