import Gateway
import HTTPTypes
import Testing

struct OwnershipTests {
  /// The identifiers of what the office's owner has, by the names of path parameters.
  private static let identifiers = [
    "variationId": "1", "id": "1", "connectionId": Office.account,
  ]

  /// Bodies that ask for the owner's things.
  private static let bodies = [
    "/api/v1/stock/topup": #"{"sku":"hidden-sku","marketplaceId":7,"quantity":5}"#,
    "/api/v1/stock/sync": #"{"marketplaceId":7}"#,
    "/api/order-events/handle": #"{"orderId":1,"eventType":"DISPUTE_INITIATED"}"#,
    "/api/webhooks/poll-events": #"{"connectionId":"\#(Office.account)"}"#,
    "/api/v1/orders/polling/trigger": #"{"connectionId":"\#(Office.account)"}"#,
    "/api/v1/dead-letters/requeue": #"{"all":true}"#,
    "/api/v1/dead-letters/discard": #"{"all":true}"#,
    "/api/v1/dead-letters/edit": #"{"id":"m","payload":{}}"#,
    "/api/v1/dead-letters/rehearse": #"{"all":true}"#,
    "/api/v1/dead-letters/plan": #"{"all":true}"#,
    "/api/v1/dead-letters/apply": #"{"plan":{}}"#,
  ]

  /// Everything there is but the record of the stranger's own doings.
  private static let contents = """
    SELECT md5(concat(
      (SELECT json_agg(t ORDER BY id) FROM platform_connections t), (SELECT json_agg(t) FROM orders t),
      (SELECT json_agg(t) FROM marketplace_stock t), (SELECT json_agg(t) FROM webhook_events t),
      (SELECT json_agg(t) FROM order_conversations t), (SELECT json_agg(t) FROM poll_runs t),
      (SELECT json_agg(t) FROM order_statistics t), (SELECT json_agg(t) FROM order_errors t),
      (SELECT json_agg(t) FROM polling_config t), (SELECT count(*) FROM outbox),
      (SELECT count(*) FROM variations),
      (SELECT json_agg(t) FROM activity_log t WHERE user_id <> 'stranger')))
    """

  @Test func `a foreign bearer is told nothing and changes nothing, on any route`() async throws {
    try await Office.with { office in
      try await office.run(
        "INSERT INTO order_statistics (connection_id, created) VALUES ('\(Office.account)', 987654)")
      try await office.run(
        "INSERT INTO reconciliations (connection_id, marketplace_id, reason) VALUES ('\(Office.account)', 7, 'manual')"
      )
      try await office.run(
        "INSERT INTO order_errors VALUES ('\(Office.account)', 'sync', 'hidden-class', 3)")
      let before = try await office.text(Self.contents)
      let open = ["/health/live", "/health/ready", "/metrics", "/openapi.yaml"]
      // They don't end; `LiveTests` says that each caller hears of the own things only.
      let streams = ["/api/v1/stream", "/ws/notifications"]
      for operation in try Description().operations where !(open + streams).contains(operation.path) {
        var path = operation.path
        for (name, value) in Self.identifiers { path = path.replacing("{\(name)}", with: value) }
        let answer = try await office.ask(
          operation.method, path, as: "stranger", body: Self.bodies[operation.path])
        let isTold = ["hidden", Office.account, "987654", "820982911946154508"].contains {
          answer.body.contains($0)
        }
        #expect(!isTold, "\(operation.method) \(path) tells \(answer.body)")
        #expect([200, 404].contains(answer.status), "\(operation.method) \(path): \(answer)")
        if operation.path.contains("{") { #expect(answer.status == 404, "\(operation.method) \(path)") }
        #expect(
          try await office.text(Self.contents) == before, "\(operation.method) \(path) changed something")
      }
    }
  }

  @Test func `its owner and an operator see what a stranger doesn't`() async throws {
    try await Office.with { office in
      for path in [
        "/api/v1/orders", "/api/v1/orders/1", "/api/v1/stock", "/api/v1/stock/1", "/api/v1/connections",
        "/api/v1/conversations", "/api/v1/conversations/1", "/api/webhooks/events", "/api/webhooks/events/1",
        "/api/v1/activity", "/realtime-sync/status/\(Office.account)",
      ] {
        let own = try await office.ask(.get, path)
        let all = try await office.ask(.get, path, as: "ann", .operator)
        #expect(own.status == 200 && own.body == all.body, "\(path): \(own)")
        #expect(own.body.contains("hidden") || own.body.contains(Office.account))
      }
      #expect(try await office.ask(.get, "/api/v1/queues").status == 404)
      #expect(try await office.ask(.get, "/api/v1/queues", as: "ann", .operator).status == 200)
      #expect(try await office.ask(.put, "/api/v1/orders/polling/config", body: "{}").status == 404)
    }
  }
}
