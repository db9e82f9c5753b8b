import HTTPTypes
import Hummingbird
import JSON
import Logging
import Marketplaces
import NIOCore
import Testing

/// What an adapter makes of answers that no marketplace should give.
@Suite struct MisbehaviourTests {
  @Test(arguments: Conformity.accounts)
  func `HTML, half a body, limits and outages are told apart (12, 24)`(account: String) async throws {
    try await Bench.with(account, trades: false) { bench in
      try await withServer { server in
        for (name, errorClass) in Self.cases {
          let adapter = try await bench.adapter(baseURL: server + "/" + name, secrets: bench.wrongSecrets)
          await expect(errorClass) { try await adapter.check() }
        }
      }
      let adapter = try await bench.adapter(baseURL: "http://127.0.0.1:1", secrets: bench.wrongSecrets)
      await expect(.network) { try await adapter.check() }
    }
  }

  static let cases: [(String, ErrorClass)] = [
    ("page-403", .malformed), ("page-200", .malformed), ("half", .malformed), ("limit", .rateLimited),
    ("outage", .unavailable), ("gone", .notFound), ("elsewhere", .rejected),
  ]

  /// Runs a server that answers everything below a name in that name's way.
  private func withServer(_ body: @Sendable (String) async throws -> Void) async throws {
    let answers: [String: Response] = [
      "page-403": Self.answer(.forbidden, "<html><body>Please wait</body></html>"),
      "page-200": Self.answer(.ok, "\n<!DOCTYPE html><html></html>"),
      "half": Self.answer(.ok, #"{"data":{"sh"#),
      "limit": Self.answer(.tooManyRequests, "{}"), "outage": Self.answer(.serviceUnavailable, ""),
      "gone": Self.answer(.gone, "{}"), "elsewhere": Self.answer(.found, ""),
    ]
    let router = Router()
    for method in [HTTPRequest.Method.get, .post] {
      router.on("/{name}/**", method: method) { _, context in
        answers[context.parameters.get("name") ?? ""] ?? Self.answer(.notFound, "")
      }
    }
    var logger = Logger(label: "tests")
    logger.logLevel = .critical
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { port.yield($0.localAddress?.port ?? 0) }, logger: logger)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await app.run() }
      let number = await ports.first { _ in true } ?? 0
      try await body("http://127.0.0.1:\(number)")
      group.cancelAll()
    }
  }

  private static func answer(_ status: HTTPResponse.Status, _ text: String) -> Response {
    Response(status: status, body: ResponseBody(byteBuffer: ByteBuffer(string: text)))
  }
}
