import Foundation
import Gateway
import Hummingbird
import JSON
import Marketplaces
import OrderEvents
import Polling
import Postgres
import Reads
import Time

/// `/api/order-events`: news about orders from other systems.
struct OrderEventRoutes: Routes {
  let database: Database
  let waits: EventWaits
  /// Orders that are older have nothing pending (`MESSAGING_MAX_AGE_HOURS`).
  let maxAge: Duration

  func add(to routes: GatewayRoutes) {
    routes.guarded.post("/api/order-events/handle", use: handle)
    routes.guarded.post("/api/order-events/process-pending", use: processPending)
  }

  /// Answers 202 with the event's number, or 200 with the outcome that `?wait=` waited for.
  @Sendable private func handle(_ request: Request, _ context: CallerContext) async throws -> Response {
    let wait = try EventWaits.seconds(of: request)
    let fields = try await Fields(
      body: request, known: ["orderId", "eventType", "eventData", "connectionId"])
    let name = try Self.orderName(fields["orderId"])
    let kind = try required("eventType", fields.choice("eventType", of: OrderEventKind.self))
    let data = try Self.data(fields["eventData"])
    let caller = context.caller
    let scope = caller.scope(connection: try fields.uuid("connectionId"))
    let answer = try await Idempotency(database: database).once(request, by: caller, asking: fields) {
      session in
      let number = try ListRoutes.one(
        try OrderReads.find(name, in: scope, on: session), named: "connectionId")
      guard let order = try StoredOrder.read([number], on: session).first else {
        throw Problem.notFound("order")
      }
      let id = "api/" + UUID().uuidString.lowercased()
      let event = order.event(kind, id: id, data: data, at: .now())
      let stored = try OwnEvents.publish(
        event, id: id, of: order.account, source: "api", payload: fields.json.storable, on: session)
      try ActivityLog.note(
        "order-event.handle", by: caller, of: order.account, body: fields.json, on: session)
      return EventWaits.accepted(stored, event)
    }
    return try await waits.response(to: answer, within: wait)
  }

  /// Our number or the marketplace's id, as a number or as text, digit for digit: ids can be beyond every integer.
  static func orderName(_ json: JSON) throws(Problem) -> String {
    let wanted = "must be the order's number, or the marketplace's id as a number or text"
    switch json {
    case .null: throw .invalid("orderId", "is missing")
    case .string(let text):
      guard !text.isEmpty, text.unicodeScalars.count <= 255, !text.utf8.contains(0) else {
        throw .invalid("orderId", wanted)
      }
      return text
    case .number(let text):
      let isWhole = text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      guard isWhole, text.utf8.count <= 255 else { throw .invalid("orderId", wanted) }
      return text
    default: throw .invalid("orderId", wanted)
    }
  }

  /// Free, but what is known of it must be of its type.
  static func data(_ json: JSON) throws(Problem) -> JSON {
    if json.isNull { return json }
    guard case .object = json else { throw .invalid("eventData", "must be an object") }
    for name in ["carrier", "trackingNumber", "trackingUrl", "disputeId", "reason"] where !json[name].isNull {
      let longest = name == "disputeId" ? 60 : 1_000
      guard case .string(let text) = json[name], !text.isEmpty, text.unicodeScalars.count <= longest else {
        throw .invalid("eventData.\(name)", "must be text of 1 to \(longest) characters")
      }
    }
    guard json["openedAt"].isNull || json["openedAt"].timestamp != nil else {
      throw .invalid("eventData.openedAt", "must be an RFC 3339 time such as 2026-01-31T12:00:00Z")
    }
    return json
  }

  /// Publishes the events of orders whose own never came to messaging.
  @Sendable private func processPending(_ request: Request, _ context: CallerContext) async throws -> Response
  {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: [])
    let (caller, maxAge) = (context.caller, self.maxAge)
    return try await Idempotency(database: database).once(request, by: caller, asking: fields) { session in
      let count = try OrderEventSweep.run(
        ofUser: caller.owner, patience: .zero, maxAge: maxAge, on: session)
      try ActivityLog.note("order-event.process-pending", by: caller, of: nil, body: fields.json, on: session)
      return Answer(.ok, success(["processed": .integer(count)]))
    }.response
  }
}
