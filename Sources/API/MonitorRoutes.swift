import Desk
import Gateway
import Hummingbird
import JSON
import Postgres
import RabbitMQ
import Reads

/// Whether everything is at work: `/api/v1/sync/monitor/status`, `/api/v1/queues`.
struct MonitorRoutes: Routes {
  let database: Database
  let queues: @Sendable () async throws -> [QueueDepth]

  func add(to routes: GatewayRoutes) {
    routes.guarded.get("/api/v1/sync/monitor/status", use: status)
    routes.guarded.get("/api/v1/queues", use: depths)
  }

  @Sendable private func status(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let caller = context.caller
    let data = try await database.withConnection { session -> JSON in
      let scheduler = try MonitorReads.scheduler(on: session)
      let feeds = try MonitorReads.feeds(in: caller.scope(), on: session)
      let isWell =
        scheduler["running"].bool == true
        && !feeds.contains { ["failing", "stopped"].contains($0["status"].text ?? "") }
      var data: JSON = [
        "status": isWell ? "healthy" : "degraded", "scheduler": scheduler, "feeds": .array(feeds),
        "breakers": .array(try MonitorReads.breakers(in: caller.scope(), on: session)),
      ]
      if caller.owner == nil { data["outbox"] = try MonitorReads.outbox(on: session) }
      return data
    }
    return .json(success(data), for: request)
  }

  @Sendable private func depths(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    _ = try Fields(query: request, known: [])
    do {
      let depths = try await queues()
      return .json(["items": .array(depths.map(\.json)), "next": .null], for: request)
    } catch let error as RabbitMQError where error.scope == .connection {
      throw Problem.unavailable("the broker can't be reached", retryAfter: 5)
    }
  }
}
