import Events
import Foundation
import Gateway
import Hummingbird
import JSON
import Marketplaces
import OrderEvents
import Outbox
import Polling
import Postgres
import Reads
import Time

/// `/api/v1/stock`: what is in stock, its history, goods that come in, and reading it anew.
struct StockRoutes: Routes {
  let database: Database
  let waits: EventWaits

  func add(to routes: GatewayRoutes) {
    routes.guarded.get("/api/v1/stock", use: list)
    routes.guarded.get("/api/v1/stock/:variationId", use: variation)
    routes.guarded.get("/api/v1/stock/:variationId/history", use: history)
    routes.guarded.post("/api/v1/stock/topup", use: topup)
    routes.guarded.post("/api/v1/stock/sync", use: sync)
  }

  // MARK: Looking

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(
      query: request, known: PageRequest.fields.union(["sku", "marketplaceId", "connectionId", "below"]))
    let page = try PageRequest(query)
    let filter = StockReads.Filter(
      sku: try query.text("sku"), marketplace: try query.integer("marketplaceId", in: 1...Int(Int32.max)),
      below: try query.integer("below", in: 0...1_000_000))
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    let wish = try page.wish()
    let rows = try await database.withConnection { try StockReads.rows(filter, in: scope, wish, on: $0) }
    return page.answer(to: request, rows)
  }

  @Sendable private func variation(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let (id, scope) = (try context.number("variationId"), context.caller.scope())
    guard
      let found = try await database.withConnection({ try StockReads.variation(id, in: scope, on: $0) })
    else { throw Problem.notFound("variation") }
    return .json(found, for: request)
  }

  @Sendable private func history(_ request: Request, _ context: CallerContext) async throws -> Response {
    let query = try Fields(query: request, known: PageRequest.fields.union(["connectionId"]))
    let page = try PageRequest(query)
    let id = try context.number("variationId")
    let scope = context.caller.scope(connection: try query.uuid("connectionId"))
    var place: StockReads.Place?
    if let after = page.after {
      guard let moment = after["at"].timestamp else {
        throw Problem.invalid("cursor", "must be the `next` of an earlier page")
      }
      place = .init(moment: moment, id: try page.number("id") ?? 0)
    }
    let rows = try await database.withConnection { [place] in
      try StockReads.history(of: id, in: scope, before: place, limit: page.limit + 1, on: $0)
    }
    guard let rows else { throw Problem.notFound("variation") }
    return page.response(to: request, rows) { ["at": $0["occurred_at"], "id": $0["id"]] }
  }

  // MARK: Changing

  private static let topupFields: Set<String> = [
    "sku", "variationId", "marketplaceId", "connectionId", "quantity", "notes",
  ]

  @Sendable private func topup(_ request: Request, _ context: CallerContext) async throws -> Response {
    let wait = try EventWaits.seconds(of: request)
    let fields = try await Fields(body: request, known: Self.topupFields)
    let sku = try fields.text("sku", upTo: 200)
    let variation = try fields.integer("variationId", in: 1...Int.max)
    guard sku != nil || variation != nil else { throw Problem.invalid("sku", "or variationId must be given") }
    let quantity = try required("quantity", fields.integer("quantity", in: 1...1_000_000))
    let notes = try fields.text("notes")
    let target = try ConnectionTarget(fields)
    guard target.isGiven else { throw Problem.invalid("marketplaceId", "or connectionId must be given") }
    let caller = context.caller
    let answer = try await Idempotency(database: database).once(request, by: caller, asking: fields) {
      session in
      let account = try target.one(for: caller, on: session)
      if let variation {
        try Self.require(variation, sku: sku, of: account.userId, on: session)
      }
      let id = "topup/" + UUID().uuidString.lowercased()
      let goods = Topup(
        sku: sku, variationId: variation.map { Int64($0) }, quantity: quantity, adminId: caller.subject,
        notes: notes)
      let now = Timestamp.now()
      let event = account.event(
        id: account.messageId(id), type: .stockTopup, time: now, change: nil, observedAt: now, .topup(goods))
      let number = try OwnEvents.publish(
        event, id: id, of: account, source: "api", payload: fields.json, on: session)
      try ActivityLog.note(
        "stock.topup", by: caller, of: account, body: fields.json, on: session)
      return EventWaits.accepted(number, event)
    }
    return try await waits.response(to: answer, within: wait)
  }

  private static func require(_ variation: Int, sku: String?, of user: String, on session: Connection) throws
  {
    let rows = try session.query(
      "SELECT sku FROM variations WHERE id = $1 AND user_id = $2", [variation, user])
    guard let row = rows.first else { throw Problem.notFound("variation") }
    guard sku == nil || sku == row.text(0) else { throw Problem.invalid("sku", "is not that of variationId") }
  }

  /// Publishes a job that reads the listings of the marketplace anew: all, or those of one variation.
  @Sendable private func sync(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: ["variationId", "marketplaceId", "connectionId"])
    let variation = try fields.integer("variationId", in: 1...Int.max)
    let target = try ConnectionTarget(fields)
    let caller = context.caller
    return try await Idempotency(database: database).once(request, by: caller, asking: fields) { session in
      let accounts = try target.enabled(for: caller, on: session)
      let jobs = try accounts.compactMap { account -> PollJob? in
        let listings = try variation.map { try Self.listings(of: $0, at: account, on: session) }
        if listings?.isEmpty == true { return nil }
        return PollJob(
          jobId: "sync-" + UUID().uuidString.lowercased(), connectionId: account.id, feed: .listings,
          expiresAt: .now() + .seconds(600), reason: listings == nil ? .manual : .reread,
          listings: listings ?? [])
      }
      guard variation == nil || !jobs.isEmpty else { throw Problem.notFound("variation with a listing") }
      let runs = try PollTrigger.publish(jobs, on: session)
      try ActivityLog.note("stock.sync", by: caller, of: nil, body: fields.json, on: session)
      return Answer(.accepted, success(["runs": .array(runs.map { .integer($0) })]))
    }.response
  }

  private static func listings(
    of variation: Int, at account: MarketplaceConnection, on session: Connection
  ) throws -> [String] {
    try session.query(
      """
      SELECT l.external_id FROM listings l JOIN variations v ON v.id = l.variation_id
       WHERE l.variation_id = $1 AND l.connection_id = $2 AND v.user_id = $3 ORDER BY 1 LIMIT 1000
      """, [variation, account.id, account.userId]
    ).map { $0.text(0) }
  }
}
