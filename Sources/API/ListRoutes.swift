import Events
import Gateway
import Hummingbird
import JSON
import Postgres
import Reads

/// Orders, conversations, events, reconciliations, activity and connections: what is only looked at.
struct ListRoutes: Routes {
  let database: Database

  func add(to routes: GatewayRoutes) {
    routes.guarded.get("/api/v1/orders", use: orders)
    routes.guarded.get("/api/v1/orders/:id", use: order)
    routes.guarded.get("/api/v1/conversations", use: conversations)
    routes.guarded.get("/api/v1/conversations/:id", use: conversation)
    routes.guarded.get("/api/webhooks/events", use: events)
    routes.guarded.get("/api/webhooks/events/:id", use: event)
    routes.guarded.get("/api/v1/reconciliations", use: reconciliations)
    routes.guarded.get("/api/v1/activity", use: activity)
    routes.guarded.get("/api/v1/connections", use: connections)
    routes.guarded.get("/api/v1/connections/:connectionId", use: connection)
  }

  // MARK: Orders

  @Sendable private func orders(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(
      query: request, known: PageRequest.fields.union(["status", "externalId", "number", "connectionId"]))
    let page = try PageRequest(query)
    let filter = OrderReads.Filter(
      status: try query.choice("status", of: OrderStatus.self)?.rawValue,
      externalId: try query.text("externalId"), number: try query.text("number"))
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection { try OrderReads.rows(filter, in: scope, wish, on: $0) }
    return page.answer(to: request, rows)
  }

  /// By our number or by the marketplace's id.
  @Sendable private func order(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(query: request, known: ["connectionId"])
    let name = try context.name("id")
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let found = try await database.withConnection { session in
      try OrderReads.order(
        Self.one(try OrderReads.find(name, in: scope, on: session), named: "connectionId"), on: session)
    }
    guard let found else { throw Problem.notFound("order") }
    return .json(found, for: request)
  }

  /// The order that was found, or a problem that says why it is not one.
  static func one(_ found: OrderReads.Found, named field: String) throws(Problem) -> Int {
    switch found {
    case .one(let id): return id
    case .none: throw .notFound("order")
    case .several:
      throw Problem(
        .conflict, "several marketplaces have an order of that id: say which by \(field)",
        errors: [.init(field: field, detail: "is needed to tell them apart")])
    }
  }

  // MARK: Conversations

  private enum ConversationType: String, CaseIterable { case order, dispute }
  private enum ConversationStatus: String, CaseIterable { case open, closed }

  @Sendable private func conversations(_ request: Request, _ context: CallerContext) async throws -> Response
  {
    let query = try Fields(
      query: request, known: PageRequest.fields.union(["type", "status", "connectionId"]))
    let page = try PageRequest(query)
    let filter = ConversationReads.Filter(
      type: try query.choice("type", of: ConversationType.self)?.rawValue,
      status: try query.choice("status", of: ConversationStatus.self)?.rawValue)
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection {
      try ConversationReads.rows(filter, in: scope, wish, on: $0)
    }
    return page.answer(to: request, rows)
  }

  @Sendable private func conversation(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let (id, scope) = (try context.number("id"), context.caller.scope())
    let found = try await database.withConnection {
      try ConversationReads.conversation(id, in: scope, on: $0)
    }
    guard let found else { throw Problem.notFound("conversation") }
    return .json(found, for: request)
  }

  // MARK: Events

  private enum EventState: String, CaseIterable { case received, published, skipped, processed, failed }

  @Sendable private func events(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(
      query: request, known: PageRequest.fields.union(["type", "status", "source", "connectionId"]))
    let page = try PageRequest(query)
    let filter = EventReads.Filter(
      type: try query.text("type", upTo: 200),
      status: try query.choice("status", of: EventState.self)?.rawValue,
      source: try query.text("source", upTo: 100))
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection { try EventReads.rows(filter, in: scope, wish, on: $0) }
    return page.answer(to: request, rows)
  }

  @Sendable private func event(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let (id, scope) = (try context.number("id"), context.caller.scope())
    let found = try await database.withConnection { try EventReads.event(id, in: scope, on: $0) }
    guard let found else { throw Problem.notFound("event") }
    return .json(found, for: request)
  }

  // MARK: Reconciliations, activity and connections

  private enum ReconciliationState: String, CaseIterable { case queued, running, done, failed }

  @Sendable private func reconciliations(_ request: Request, _ context: CallerContext) async throws
    -> Response
  {
    let query = try Fields(
      query: request, known: PageRequest.fields.union(["status", "marketplaceId", "connectionId"]))
    let page = try PageRequest(query)
    let status = try query.choice("status", of: ReconciliationState.self)?.rawValue
    let marketplace = try query.integer("marketplaceId", in: 1...Int(Int32.max))
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection {
      try ReconciliationReads.rows(status: status, marketplace: marketplace, in: scope, wish, on: $0)
    }
    return page.answer(to: request, rows)
  }

  @Sendable private func activity(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(query: request, known: PageRequest.fields.union(["kind", "connectionId"]))
    let page = try PageRequest(query)
    let kind = try query.text("kind", upTo: 100)
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection {
      try ActivityReads.rows(kind: kind, in: scope, wish, on: $0)
    }
    return page.answer(to: request, rows)
  }

  @Sendable private func connections(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(query: request, known: PageRequest.fields.union(["platform"]))
    let page = try PageRequest(query)
    let platform = try query.choice("platform", of: Platform.self)?.rawValue
    let (scope, wish) = (context.caller.scope(), try page.wish())
    let rows = try await database.withConnection {
      try ConnectionReads.rows(platform: platform, in: scope, wish, on: $0)
    }
    return page.response(to: request, rows) { ["id": $0["marketplace_id"]] }
  }

  @Sendable private func connection(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let (id, scope) = (try context.connection("connectionId"), context.caller.scope())
    let found = try await database.withConnection { try ConnectionReads.connection(id, in: scope, on: $0) }
    guard let found else { throw Problem.notFound("connection") }
    return .json(found, for: request)
  }
}
