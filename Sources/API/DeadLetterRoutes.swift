import Desk
import Gateway
import HTTPTypes
import Hummingbird
import JSON
import NIOPosix
import Postgres
import RabbitMQ
import Time
import Topology

/// `/api/v1/dead-letters`: what failed, and bringing it back; for operators.
struct DeadLetterRoutes: Routes {
  let database: Database
  let desk: DeadLetterDesk
  let rehearsers: [Rehearser]

  static let path = "/api/v1/dead-letters"

  func add(to routes: GatewayRoutes) {
    routes.guarded.get("\(Self.path)", use: list)
    routes.guarded.get("\(Self.path)/groups", use: groups)
    routes.guarded.get("\(Self.path)/:id", use: show)
    routes.guarded.post("\(Self.path)/requeue") { try await act(.requeue, $0, $1) }
    routes.guarded.post("\(Self.path)/discard") { try await act(.discard, $0, $1) }
    addMending(to: routes)
  }

  // MARK: Looking

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    let query = try Fields(query: request, known: PageRequest.fields.union(Self.filters))
    let page = try PageRequest(query)
    let skipped = max(0, try page.number("skip") ?? 0)
    let selection = try Self.selection(query)
    let letters = try await look {
      try $0.letters(selection, skipping: skipped, atMost: page.limit + 1).map(\.summary)
    }
    return page.response(to: request, letters) { _ in ["skip": .integer(skipped + page.limit)] }
  }

  @Sendable private func groups(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    let selection = try Self.selection(Fields(query: request, known: Self.filters))
    let groups = try await look { try $0.groups(selection).map(\.json) }
    return .json(["items": .array(groups), "next": .null], for: request)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    try context.caller.requireOperator()
    let query = try Fields(query: request, known: ["queue"])
    let queue = try query.choice("queue", of: Queue.self)
    let selection = Selection(queues: queue.map { [$0] } ?? Queue.allCases, ids: [try context.name("id")])
    guard let letter = try await look({ try $0.letters(selection, atMost: 1).first?.full }) else {
      throw Problem.notFound("dead letter")
    }
    return .json(letter, for: request)
  }

  private static let filters: Set<String> = ["queue", "group", "type"]

  private static func selection(_ query: Fields) throws(Problem) -> Selection {
    Selection(
      queues: try query.choice("queue", of: Queue.self).map { [$0] } ?? Queue.allCases,
      groups: Set(try query.text("group").map { [$0] } ?? []),
      types: Set(try query.text("type", upTo: 200).map { [$0] } ?? []))
  }

  // MARK: Acting

  private enum Deed: String, Sendable { case requeue, discard }

  static let choices: Set<String> = ["ids", "groups", "queues", "types", "all"]

  /// What one request may touch: it ends within the life of its transaction.
  static let most = 1_000

  /// What a ramp may take: the answer comes before proxies give up, and what is left is asked for again.
  private static let longestRamp = Duration.seconds(20)

  private func act(_ deed: Deed, _ request: Request, _ context: CallerContext) async throws -> Response {
    let caller = context.caller
    try caller.requireOperator()
    _ = try Fields(query: request, known: [])
    var known = Self.choices.union(["olderThanSeconds", "limit", "reason"])
    if deed == .requeue { known.insert("ramp") }
    let fields = try await Fields(body: request, known: known)
    let selection = try Self.chosen(fields)
    let warrant = Warrant(actor: caller.subject, reason: try fields.text("reason"))
    let ramps = try fields.bool("ramp") ?? false
    return try await acting(request, caller, fields, deed.rawValue) { desk in
      switch deed {
      case .requeue:
        try desk.requeue(selection, at: Rhythm(ramps: ramps), by: warrant, within: Self.longestRamp).json
      case .discard: try desk.discard(selection, by: warrant).json
      }
    }
  }

  /// What a body chooses; nothing at all must be said by `all`.
  static func chosen(_ fields: Fields) throws -> Selection {
    var selection = Selection(limit: try fields.integer("limit", in: 1...most) ?? most)
    selection.ids = Set(try fields.texts("ids"))
    selection.groups = Set(try fields.texts("groups"))
    selection.types = Set(try fields.texts("types"))
    let queues = try fields.texts("queues")
    let known = queues.compactMap { Queue(rawValue: $0) }
    guard known.count == queues.count else {
      throw Problem.invalid("queues", "must be of \(Queue.allCases.map(\.rawValue).joined(separator: ", "))")
    }
    if !known.isEmpty { selection.queues = known }
    if let seconds = try fields.integer("olderThanSeconds", in: 0...31_536_000) {
      selection.deadBefore = .now() - .seconds(seconds)
    }
    let isChosen =
      !(selection.ids.isEmpty && selection.groups.isEmpty && selection.types.isEmpty && known.isEmpty)
    let isAll = try fields.bool("all") ?? false
    guard isChosen || isAll else {
      throw Problem.invalid("ids", "or groups, queues, types must name letters; or all must be true")
    }
    return selection
  }

  // MARK: The desk

  /// Looks on a thread that may wait.
  func look<T: Sendable>(_ body: @escaping @Sendable (DeadLetterDesk) throws -> T) async throws -> T {
    let desk = self.desk
    return try await translated { try await NIOThreadPool.singleton.runIfActive { try body(desk) } }
  }

  func translated<T>(_ body: () async throws -> T) async throws -> T {
    do {
      return try await body()
    } catch let error as DeskError {
      throw Problem(.conflict, error.description)
    } catch let error as RabbitMQError where error.scope == .connection {
      throw Problem.unavailable("the broker can't be reached", retryAfter: 5)
    }
  }
}

extension Acted {
  var json: JSON { ["done": .integer(done), "left": .integer(left)] }
}

extension PacedRequeue {
  /// With how it ended; only a ramp can stop before its end.
  fileprivate var json: JSON {
    var members = acted.json
    switch end {
    case .complete: members["end"] = "complete"
    case .paused: members["end"] = "paused"
    case .recurred(let fingerprint):
      members["end"] = "recurred"
      members["fingerprint"] = .string(fingerprint)
    case .undecided(let pending):
      members["end"] = "undecided"
      members["pending"] = .integer(pending)
    }
    return members
  }
}

extension Fields {
  /// A list of at most a thousand texts; none when it is not given.
  fileprivate func texts(_ name: String) throws(Problem) -> [String] {
    let value = self[name]
    if value.isNull { return [] }
    guard case .array(let elements) = value, elements.count <= 1_000 else {
      throw .invalid(name, "must be a list of at most 1000 texts")
    }
    let texts = elements.compactMap { if case .string(let text) = $0, !text.isEmpty { text } else { nil } }
    guard texts.count == elements.count else { throw .invalid(name, "must hold texts that are not empty") }
    return texts
  }
}
