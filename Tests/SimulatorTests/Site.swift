import AsyncHTTPClient
import JSON
import Logging
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Simulator
import Testing
import Time

/// A running simulator as its clients see it.
struct Site {
  /// The accounts that these tests open.
  static let accountNames = ["allegro-live", "allegro-documented", "allegro-noevents"]

  let origin: String
  var headers: [(String, String)] = []

  struct Answer {
    let status: Int
    let date: Timestamp?
    let json: JSON
  }

  func send(_ method: String, _ target: String, body: String? = nil) async throws -> Answer {
    var request = HTTPClientRequest(url: origin + target)
    request.method = .RAW(value: method)
    for (name, value) in headers { request.headers.add(name: name, value: value) }
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    let bytes = try await response.body.collect(upTo: 64 << 20)
    return Answer(
      status: Int(response.status.code),
      date: response.headers.first(name: "date").flatMap { Timestamp(httpDate: $0) },
      json: (try? JSON.parse(Array(bytes.readableBytesView))) ?? .null)
  }

  func json(_ method: String, _ target: String, body: String? = nil) async throws -> JSON {
    let answer = try await send(method, target, body: body)
    #expect(answer.status == 200)
    return answer.json
  }

  /// Asks until there is a good answer.
  func patiently(_ method: String, _ target: String, body: String? = nil) async throws -> JSON {
    while true {
      let answer = try? await send(method, target, body: body)
      if answer?.status == 200, let json = answer?.json, !json.isNull { return json }
      try await Task.sleep(for: .milliseconds(300))
    }
  }

  /// The same with the token of an account, under its base URL.
  func seller(_ account: JSON) async throws -> Site {
    let credentials = account["credentials"]
    let basic = base64("\(credentials["clientId"].text ?? ""):\(credentials["clientSecret"].text ?? "")")
    var site = Site(origin: account["baseURL"].text ?? "")
    site.headers = [
      ("authorization", "Basic " + basic), ("content-type", "application/x-www-form-urlencoded"),
    ]
    let grant = "grant_type=refresh_token&refresh_token=\(credentials["refreshToken"].text ?? "")"
    let tokens = try await site.patiently("POST", "/auth/oauth/token", body: grant)
    site.headers = [
      ("authorization", "Bearer \(tokens["access_token"].text ?? "")"),
      ("accept", "application/vnd.allegro.public.v1+json"),
      ("content-type", "application/vnd.allegro.public.v1+json"),
    ]
    return site
  }
}

/// Runs a simulator on a free port, and ends it gracefully.
func withSimulator(
  ordersPerSecond: Double, faults: FaultLevel = .none, _ body: @Sendable (Site) async throws -> Void
) async throws {
  var configuration = Simulator.Configuration()
  configuration.accounts = Set(Site.accountNames)
  configuration.ordersPerSecond = ordersPerSecond
  configuration.faults = faults
  var logger = Logger(label: "simulator")
  logger.logLevel = .error
  let simulator = Simulator(configuration: configuration, logger: logger)
  let group = ServiceGroup(configuration: .init(services: [simulator], logger: logger))
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    tasks.addTask { try await group.run() }
    let port = try #require(await simulator.boundPort)
    let result = await Result { try await body(Site(origin: "http://127.0.0.1:\(port)")) }
    await group.triggerGracefulShutdown()
    try await tasks.waitForAll()
    try result.get()
  }
}

extension Result where Failure == any Error {
  fileprivate init(_ body: () async throws -> Success) async {
    do { self = .success(try await body()) } catch { self = .failure(error) }
  }
}
