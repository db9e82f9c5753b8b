import CoreMetrics
import Gateway
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import Testing

struct GatewayTests {
  static func gateway(_ checks: [HealthCheck] = [], metrics: MetricsRegistry = .init()) -> Gateway {
    Gateway(
      port: 0, metrics: metrics, ready: checks,
      logger: Logger(label: "tests", factory: { _ in SwiftLogNoOpLogHandler() }))
  }

  static func get(_ path: String, from gateway: Gateway) async throws -> (status: Int, body: String) {
    try await Application(responder: gateway.responder).test(.router) { client in
      try await client.execute(uri: path, method: .get) { ($0.status.code, String(buffer: $0.body)) }
    }
  }

  @Test func `a process is ready when every check is well, and says which one isn't`() async throws {
    let well = HealthCheck("database") { nil }
    let ill = HealthCheck("broker") { "connection refused" }
    #expect(try await Self.get("/health/ready", from: Self.gateway([well])).status == 200)
    let answer = try await Self.get("/health/ready", from: Self.gateway([well, ill]))
    #expect(answer.status == 503 && answer.body.contains("connection refused"))
    #expect(try await Self.get("/health/live", from: Self.gateway([ill])).status == 200)
  }

  @Test func `metrics are shown in the text format of Prometheus`() async throws {
    let metrics = MetricsRegistry()
    metrics.makeCounter(label: "crossdock_messages", dimensions: [("queue", "a\"b")]).increment(by: 3)
    metrics.makeCounter(label: "crossdock_messages", dimensions: [("queue", "a\"b")]).increment(by: 4)
    metrics.makeTimer(label: "crossdock.batch", dimensions: []).recordNanoseconds(2_000_000)
    metrics.makeMeter(label: "lag", dimensions: []).set(1.5)
    let body = try await Self.get("/metrics", from: Self.gateway(metrics: metrics)).body
    #expect(body.contains(#"crossdock_messages_total{queue="a\"b"} 7"#))
    #expect(body.contains(#"crossdock_batch_bucket{le="0.001"} 0"#))
    #expect(body.contains(#"crossdock_batch_bucket{le="0.0025"} 1"#))
    #expect(body.contains("crossdock_batch_sum 0.002\n") && body.contains("crossdock_batch_count 1\n"))
    #expect(body.contains("# TYPE lag gauge\nlag 1.5\n"))
    #expect(body.contains("# TYPE crossdock_ready gauge\n"))
  }

  @Test func `what was destroyed is shown no more`() {
    let metrics = MetricsRegistry()
    metrics.destroyCounter(metrics.makeCounter(label: "gone", dimensions: []))
    #expect(metrics.exposition.isEmpty)
  }
}
