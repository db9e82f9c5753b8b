import AsyncHTTPClient
import JSON
import NIOCore
import NIOHTTP1

/// Asks a running simulator for its accounts and its truth.
struct SimulatorClient: Sendable {
  let http: HTTPClient
  let url: String

  /// Runs `body` with a client that is closed afterwards.
  static func with<T: Sendable>(_ url: String, _ body: (SimulatorClient) async throws -> T) async throws -> T
  {
    let http = HTTPClient(eventLoopGroupProvider: .singleton)
    let plain = url.hasSuffix("/") ? String(url.dropLast()) : url
    let result: Result<T, any Error>
    do { result = .success(try await body(SimulatorClient(http: http, url: plain))) } catch {
      result = .failure(error)
    }
    try await http.shutdown()
    return try result.get()
  }

  func get(_ path: String) async throws -> JSON { try await send(HTTPClientRequest(url: url + path), path) }

  func post(_ path: String, _ body: JSON? = nil) async throws -> JSON {
    var request = HTTPClientRequest(url: url + path)
    request.method = .POST
    if let body { request.body = .bytes(ByteBuffer(bytes: body.bytes)) }
    return try await send(request, path)
  }

  private func send(_ request: HTTPClientRequest, _ path: String) async throws -> JSON {
    do {
      let response = try await http.execute(request, timeout: .seconds(30))
      let body = try await response.body.collect(upTo: 512 << 20)
      guard response.status == .ok else {
        throw Failure(.found, "the simulator answered \(response.status.code) to \(path)")
      }
      return try JSON.parse(Array(body.readableBytesView))
    } catch let failure as Failure {
      throw failure
    } catch is JSONError {
      throw Failure(
        .found, "what answers at \(url) is no simulator: give the address that `crossdock simulator` prints")
    } catch {
      let reason = (error as? HTTPClientError)?.shortDescription ?? "nothing listens there"
      throw Failure(
        .unreachable,
        "the simulator at \(url) does not answer (\(reason)): start one with `crossdock simulator`")
    }
  }

  /// The simulator's accounts.
  func accounts() async throws -> [SimulatedAccount] {
    try await get("/control/accounts").array.compactMap { SimulatedAccount($0) }
  }
}

/// An account of the simulator, as `GET /control/accounts` names it.
struct SimulatedAccount: Sendable {
  var name: String
  var platform: String
  var dialect: String
  var baseURL: String
  var credentials: JSON

  init?(_ json: JSON) {
    guard let name = json["name"].text, let platform = json["platform"].text,
      let baseURL = json["baseURL"].text
    else { return nil }
    self.name = name
    self.platform = platform
    self.baseURL = baseURL
    dialect = json["dialect"].text ?? "live"
    credentials = json["credentials"]
  }
}
