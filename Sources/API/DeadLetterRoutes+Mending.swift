import Desk
import Gateway
import Hummingbird
import JSON
import Postgres
import Reads
import Time
import Topology

/// Trying letters out, correcting them, and doing what was planned; and the record of all that was done.
extension DeadLetterRoutes {
  func addMending(to routes: GatewayRoutes) {
    routes.guarded.get("\(Self.path)/actions", use: actions)
    routes.guarded.post("\(Self.path)/edit", use: edit)
    routes.guarded.post("\(Self.path)/rehearse", use: rehearse)
    routes.guarded.post("\(Self.path)/plan", use: plan)
    routes.guarded.post("\(Self.path)/apply", use: apply)
  }

  @Sendable private func actions(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    let query = try Fields(query: request, known: PageRequest.fields.union(["message"]))
    let page = try PageRequest(query)
    let message = try query.text("message")
    let wish = try page.wish()
    let rows = try await database.withConnection {
      try DeadLetterActionReads.rows(
        message: message, queues: Queue.allCases.map(\.rawValue), wish, on: $0)
    }
    return page.answer(to: request, rows)
  }

  /// Sends a corrected payload in a letter's place, under the same id. The payload is JSON, or JSON as text.
  @Sendable private func edit(_ request: Request, _ context: CallerContext) async throws -> Response {
    let caller = context.caller
    try caller.requireOperator()
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: ["id", "queue", "payload", "reason"])
    let id = try required("id", fields.text("id"))
    let queues = try fields.choice("queue", of: Queue.self).map { [$0] } ?? Queue.allCases
    guard !fields["payload"].isNull else { throw Problem.invalid("payload", "is missing") }
    let payload: [UInt8] =
      if case .string(let text) = fields["payload"] { Array(text.utf8) } else { fields["payload"].bytes }
    let warrant = Warrant(actor: caller.subject, reason: try fields.text("reason"))
    return try await acting(request, caller, fields, "edit") {
      try $0.edit(id, in: queues, to: payload, by: warrant).json
    }
  }

  /// Says by group what the letters would come to now; nothing is changed.
  @Sendable private func rehearse(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: Self.choices.union(["olderThanSeconds", "limit"]))
    let selection = try Self.chosen(fields)
    let rehearsers = self.rehearsers
    let report = try await look { desk in
      var report = RehearsalReport()
      try desk.rehearse(selection, with: rehearsers) { report.add($0, $1) }
      return report.json
    }
    return .json(success(["groups": report]))
  }

  /// Freezes a selection; the answer is what `apply` takes, and `crossdock dlq apply` too.
  @Sendable private func plan(_ request: Request, _ context: CallerContext) async throws -> Response {
    let caller = context.caller
    try caller.requireOperator()
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(
      body: request,
      known: Self.choices.union(["olderThanSeconds", "limit", "reason", "action", "passing"]))
    let selection = try Self.chosen(fields)
    let action = try fields.choice("action", of: Plan.Action.self) ?? .requeue
    let warrant = Warrant(actor: caller.subject, reason: try fields.text("reason"))
    let passing = try fields.bool("passing") == true ? rehearsers : nil
    let plan = try await look { desk in
      if let passing { return try desk.plan(action, of: selection, passing: passing, by: warrant).json }
      return try desk.plan(action, of: selection, by: warrant).json
    }
    return .json(success(plan))
  }

  /// Does exactly what a plan says, or nothing (409).
  @Sendable private func apply(_ request: Request, _ context: CallerContext) async throws -> Response {
    let caller = context.caller
    try caller.requireOperator()
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: ["plan"])
    guard case .object = fields["plan"] else { throw Problem.invalid("plan", "must be an object") }
    let plan: Plan
    do throws(DeskError) { plan = try Plan(file: fields["plan"].bytes) } catch {
      throw Problem(.conflict, error.description)
    }
    return try await acting(request, caller, fields, "apply") {
      try $0.apply(plan, by: caller.subject).json
    }
  }

  /// Does something to letters, once for the request's `Idempotency-Key`, and notes it; a ramp waits meanwhile for what
  /// becomes of them, longer than a transaction may idle as a rule.
  func acting(
    _ request: Request, _ caller: Caller, _ fields: Fields, _ kind: String,
    _ deed: @escaping @Sendable (DeadLetterDesk) throws -> JSON
  ) async throws -> Response {
    let desk = self.desk
    return try await translated {
      try await Idempotency(database: database).once(request, by: caller, asking: fields) { session in
        try session.query("SET LOCAL idle_in_transaction_session_timeout = '60s'")
        let acted = try deed(desk)
        try ActivityLog.note("dead-letters.\(kind)", by: caller, of: nil, body: fields.json, on: session)
        return Answer(.ok, success(acted))
      }
    }.response
  }
}
