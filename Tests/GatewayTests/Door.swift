import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Logging
import NIOCore

/// A gateway with the routes of a test, asked without a socket.
struct Door {
  static let secret = "a secret that only the tests know"
  var routes: any Routes
  var keySet: String?

  struct Answer {
    var status: Int
    var headers: HTTPFields
    var body: String

    var json: JSON { (try? JSON.parse(body)) ?? .null }
  }

  func ask(
    _ method: HTTPRequest.Method, _ path: String, token: String? = nil, headers: HTTPFields = [:],
    body: String? = nil
  ) async throws -> Answer {
    var headers = headers
    if let token { headers[.authorization] = "Bearer \(token)" }
    let asked = headers
    return try await Application(responder: gateway().responder).test(.router) { client in
      try await client.execute(
        uri: path, method: method, headers: asked, body: body.map { ByteBuffer(string: $0) }
      ) { Answer(status: $0.status.code, headers: $0.headers, body: String(buffer: $0.body)) }
    }
  }

  func gateway(patience: ClientPatience = .init()) async throws -> Gateway {
    Gateway(
      port: 0, metrics: .init(), ready: [], routes: [routes],
      authenticator: try await Authenticator(secret: Self.secret, keySet: keySet), patience: patience,
      logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  static func token(_ subject: String = "shop-1", _ role: Caller.Role = .seller) async throws -> String {
    try await Authenticator(secret: secret).token(for: .init(subject: subject, role: role), validFor: 60)
  }
}
