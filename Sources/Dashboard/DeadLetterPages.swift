import Foundation
import Gateway
import Hummingbird
import JSON

/// `/dead-letters`: how messages failed, one of them whole, and what to do with them.
struct DeadLetterPages {
  let dashboard: Dashboard

  static let path = "/api/v1/dead-letters"

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/dead-letters", use: groups)
    routes.get("/dead-letters/list", use: list)
    routes.get("/dead-letters/letter", use: letter)
    routes.post("/dead-letters/act", use: act)
    addMending(to: routes)
  }

  @Sendable private func groups(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let queue = request.query("queue")
    let groups = try await dashboard.api.get("\(Self.path)/groups", ["queue": queue], as: visitor)["items"]
      .array
    let values: [String: Any] = [
      "groups": groups.map(Self.group), "queue": Shown.Text(queue), "isEmpty": groups.isEmpty,
      "notice": Shown.maybe(Self.notice(request)),
    ]
    return try page("dead-letters", values, "Dead letters", visitor)
  }

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let (queue, group) = (request.query("queue"), request.query("group"))
    let letters = try await dashboard.api.get(
      Self.path, ["queue": queue, "group": group, "limit": "100"], as: visitor)["items"].array
    let values: [String: Any] = [
      "letters": letters.map(Self.summary), "group": Shown.Text(group), "queue": Shown.Text(queue),
      "isEmpty": letters.isEmpty, "count": letters.count == 100 ? "the first 100" : String(letters.count),
    ]
    return try page("dead-letter-list", values, group ?? "Dead letters", visitor)
  }

  @Sendable private func letter(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let id = request.query("id") ?? ""
    let letter = try await dashboard.api.get(
      "\(Self.path)/\(id.percentEncoded)", ["queue": request.query("queue")], as: visitor)
    var values = Self.summary(letter)
    values["headers"] = letter["headers"].object.sorted { $0.key < $1.key }.map {
      ["name": $0.key, "value": $0.value.text ?? $0.value.description]
    }
    let payload = letter["payload"]
    values["payload"] = letter["payload_base64"].text ?? payload.text ?? Shown.pretty(payload)
    values["mayEdit"] = letter["payload_base64"].isNull
    let record = try await dashboard.api.get("\(Self.path)/actions", ["message": id], as: visitor)
    values["actions"] = record["items"].array.map(Self.action)
    values["hasActions"] = !record["items"].array.isEmpty
    return try page("dead-letter", values, "Dead letter", visitor)
  }

  /// Does what a form asks. Without its box ticked nothing is done: instead the page says how many it would be.
  @Sendable private func act(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let form = try await request.form()
    guard let action = form["action"].flatMap(Action.init) else {
      throw Problem.invalid("action", "must be requeue, discard or edit")
    }
    guard form["confirmed"] == "yes" else { return try await ask(action, form, visitor) }
    if action == .discard && form["reason"]?.isEmpty ?? true {
      throw Problem.invalid("reason", "is missing: it stands in the record")
    }
    var body = action == .edit ? Self.edited(form) : Self.chosen(form)
    // No more than the question named: what dies again meanwhile is not brought back again.
    if action != .edit, let limit = form["limit"].flatMap({ Int($0) }) {
      body["limit"] = .integer(min(limit, Self.most))
    }
    if action == .requeue && form["ramp"] == "yes" { body["ramp"] = true }
    if let reason = form["reason"], !reason.isEmpty { body["reason"] = .string(reason) }
    let acted = try await dashboard.api.post(
      "\(Self.path)/\(action.rawValue)", body, key: form["once"], as: visitor)["data"]
    let told = ["done", "left", "end"].map { "\($0)=\((acted[$0].text ?? "").percentEncoded)" }
    return .seeOther("/dead-letters?did=\(action.rawValue)&" + told.joined(separator: "&"))
  }

  /// The letters that a form is about, in the API's words.
  static func chosen(_ form: [String: String]) -> JSON {
    var body: JSON = [:]
    for (field, member) in [("queue", "queues"), ("group", "groups"), ("id", "ids")] {
      if let value = form[field], !value.isEmpty { body[member] = [.string(value)] }
    }
    if body.object.isEmpty { body["all"] = true }
    return body
  }

  private static func edited(_ form: [String: String]) -> JSON {
    [
      "id": .string(form["id"] ?? ""), "queue": .text(form["queue"]),
      "payload": .string(form["payload"] ?? ""),
    ]
  }

  /// What the API does with one request.
  static let most = 1_000

  private func ask(_ action: Action, _ form: [String: String], _ visitor: Visitor) async throws -> Response {
    let count = try await count(form, visitor)
    let values: [String: Any] = [
      "action": action.rawValue, "words": action.words, "count": Shown.number(Double(count)),
      "isOne": count == 1, "isNone": count == 0, "isMuch": count > Self.most,
      "queue": Shown.Text(form["queue"]), "group": Shown.Text(form["group"]), "id": Shown.Text(form["id"]),
      "limit": String(count), "once": UUID().uuidString.lowercased(), "isDiscard": action == .discard,
      "mayRamp": action == .requeue, "ramps": count > 1,
      "payload": Shown.Text(form["payload"]),
    ]
    return try page("dead-letter-confirm", values, "Are you sure?", visitor)
  }

  /// How many letters a form is about; one that names a letter is about that one.
  private func count(_ form: [String: String], _ visitor: Visitor) async throws -> Int {
    guard form["id"]?.isEmpty ?? true else { return 1 }
    let groups = try await dashboard.api.get(
      "\(Self.path)/groups", ["queue": form["queue"], "group": form["group"]], as: visitor)
    return groups["items"].array.reduce(0) { $0 + Int($1["count"].integer ?? 0) }
  }

  private enum Action: String {
    case requeue, discard, edit

    var words: String {
      switch self {
      case .requeue: "bring back to the queue that they died in"
      case .discard: "take out for good"
      case .edit: "send this payload in its place, under the same id"
      }
    }

    var past: String {
      switch self {
      case .requeue: "requeued"
      case .discard: "discarded"
      case .edit: "requeued with the new payload"
      }
    }
  }

  // MARK: Values

  /// What the address says was done; no text of it is shown.
  private static func notice(_ request: Request) -> String? {
    guard let action = request.query("did").flatMap(Action.init),
      let done = request.query("done").flatMap(Int.init)
    else { return nil }
    let left = request.query("left").flatMap(Int.init) ?? 0
    let rest = left > 0 ? " \(left) are where they were: RabbitMQ did not take them." : ""
    return
      "\(done) \(done == 1 ? "letter was" : "letters were") \(action.past).\(rest)\(stop(request.query("end")))"
  }

  /// Why a ramp has left the rest alone.
  private static func stop(_ end: String?) -> String {
    switch end {
    case "recurred":
      " The last of them died again as before, so the others were left alone: rehearse them before going on."
    case "undecided":
      " Not all of them have had an effect yet, so the others were left alone: do their workers consume?"
    case "paused": " They had their effect. It took its time, so the others are still here: requeue again."
    default: ""
    }
  }

  private static func group(_ group: JSON) -> [String: Any] {
    let queues = group["queues"].array.compactMap(\.text)
    let money = group["money"].object.sorted { $0.key < $1.key }.map { "\($0.value.text ?? "") \($0.key)" }
    return [
      "fingerprint": group["fingerprint"].text ?? "", "class": group["error_class"].text ?? "",
      "href": "/dead-letters/list?group=" + (group["fingerprint"].text ?? "").percentEncoded,
      "count": Shown.number(group["count"]), "error": group["error"].text ?? "",
      "queues": queues.joined(separator: ", "), "first": Shown.time(group["first_seen"]),
      "last": Shown.time(group["last_seen"]), "orders": Shown.number(group["orders"]),
      "money": money.joined(separator: ", "),
      "types": group["types"].array.compactMap(\.text).joined(separator: ", "),
    ]
  }

  private static func summary(_ letter: JSON) -> [String: Any] {
    let (id, queue) = (letter["id"].text ?? "", letter["queue"].text ?? "")
    return [
      "id": id, "queue": queue, "type": letter["type"].text ?? "",
      "href": "/dead-letters/letter?queue=\(queue.percentEncoded)&id=\(id.percentEncoded)",
      "class": letter["error_class"].text ?? "", "error": letter["error"].text ?? "",
      "fingerprint": letter["fingerprint"].text ?? "", "attempts": Shown.number(letter["attempts"]),
      "first": Shown.time(letter["first_failed_at"]), "dead": Shown.time(letter["dead_at"]),
      "build": letter["build"].text ?? "", "bytes": Shown.number(letter["bytes"]),
    ]
  }

  func page(
    _ template: String, _ values: [String: Any], _ title: String, _ visitor: Visitor
  ) throws -> Response {
    try dashboard.views.page(template, values, title: title, section: .deadLetters, for: visitor.caller)
  }
}
