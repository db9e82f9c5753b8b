import Events
import HTTPTypes
import Hummingbird
import JSON
import Logging
import Marketplaces
import NIOCore
import Shopify
import Square
import Testing
import Time

/// Webhooks as the simulated marketplaces deliver them, and what the readers make of them.
@Suite(.timeLimit(.minutes(1))) struct DeliveryTests {
  @Test(arguments: ["shopify", "square"])
  func `what is delivered is genuine, and names orders that there are`(account: String) async throws {
    let readers: [String: any WebhookReader] = [
      "shopify": ShopifyWebhookReader(), "square": SquareWebhookReader(),
    ]
    let reader = try #require(readers[account])
    try await Bench.with(account) { bench in
      let (requests, arrived) = AsyncStream.makeStream(of: WebhookRequest.self)
      try await withServer(arrived) { url in
        _ = try await bench.control(.post, "/control/webhooks", ["url": .string(url)])
        _ = try await bench.control(.post, "/control/orders", ["count": 5])
        let known = Set(
          try await bench.control(.get, "/truth/orders").array.map { $0["externalId"].text ?? "" })
        let keys = WebhookKeys(secrets: [bench.secrets.text("webhookSecret") ?? ""], url: url)
        var orders: Set<String> = []
        for await request in requests {
          #expect(reader.isGenuine(request, keys: keys))
          #expect(!reader.isGenuine(request, keys: WebhookKeys(secrets: ["another"], url: url)))
          orders.formUnion(
            Self.orders(of: try reader.read(request, for: bench.connection, filter: .standard)))
          if orders.count >= 5 { break }
        }
        #expect(orders.isSubset(of: known))
        let told = try await bench.control(.get, "/truth/webhooks").array
        #expect(told.count >= 5 && Set(told.map { $0["id"] }).count == told.count)
        #expect(told.allSatisfy { ["waiting", "delivered"].contains($0["state"].text) })
      }
    }
  }

  private static func orders(of reading: WebhookReading) -> [String] {
    switch reading {
    case .items(let items): items.compactMap { $0.event?.order?.externalId }
    case .fetch(_, let subjects):
      subjects.compactMap { if case .order(let id) = $0 { id } else { nil } }
    }
  }

  /// Runs a server that takes every webhook.
  private func withServer(
    _ arrived: AsyncStream<WebhookRequest>.Continuation,
    _ body: @Sendable (String) async throws -> Void
  ) async throws {
    let router = Router()
    router.post("/webhook") { request, _ -> HTTPResponse.Status in
      var headers: [String: String] = [:]
      for field in request.headers { headers[field.name.canonicalName] = field.value }
      let bytes = try await request.body.collect(upTo: 1 << 20)
      arrived.yield(
        WebhookRequest(headers: headers, body: Array(bytes.readableBytesView), receivedAt: .now()))
      return .ok
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
      try await body("http://127.0.0.1:\(number)/webhook")
      group.cancelAll()
    }
  }
}
