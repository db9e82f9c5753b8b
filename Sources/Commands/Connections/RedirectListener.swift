import Foundation
import Hummingbird
import Logging
import NIOCore

/// Waits on this machine for the browser that a marketplace sends back to us.
struct RedirectListener: Sendable {
  let host: String
  let port: Int
  let path: String

  /// Nil when the address is not one of this machine's: then a person has to bring the answer.
  init?(_ redirectURL: String) {
    guard let parts = URLComponents(string: redirectURL), parts.scheme == "http",
      let host = parts.host, ["localhost", "127.0.0.1"].contains(host)
    else { return nil }
    self.host = host
    port = parts.port ?? 80
    path = parts.path.isEmpty ? "/" : parts.path
  }

  /// Gives every address that a browser comes back with to `reply`, from `isListening` on until it is cancelled. Throws
  /// `IOError` when the port is taken.
  func run(
    isListening: @escaping @Sendable () -> Void, reply: @escaping @Sendable (String) -> Void
  ) async throws {
    let router = Router()
    router.get(RouterPath(path)) { request, _ in
      reply(request.uri.description)
      return "This page can be closed: the terminal says how it went.\n"
    }
    let application = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: port)),
      onServerRunning: { _ in isListening() },
      logger: Logger(label: "authorize") { _ in SwiftLogNoOpLogHandler() })
    try await application.run()
  }
}
