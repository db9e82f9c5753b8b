import Foundation
import Gateway
import Hummingbird
import JSON

/// Trying letters out, plans, and the record of all that was done.
extension DeadLetterPages {
  func addMending(to routes: RouterGroup<CallerContext>) {
    routes.get("/dead-letters/actions", use: record)
    routes.get("/dead-letters/plan", use: enterPlan)
    routes.post("/dead-letters/rehearse", use: rehearse)
    routes.post("/dead-letters/plan", use: plan)
    routes.post("/dead-letters/apply", use: apply)
  }

  @Sendable private func record(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let answer = try await dashboard.api.get(
      "\(Self.path)/actions", ["cursor": request.query("cursor")], as: visitor)
    var values: [String: Any] = [
      "actions": answer["items"].array.map(Self.action), "isEmpty": answer["items"].array.isEmpty,
    ]
    if let next = answer["next"].text {
      values["next"] = "/dead-letters/actions?cursor=\(next.percentEncoded)"
    }
    return try page("dead-letter-actions", values, "What was done", visitor)
  }

  /// Says what letters would come to if they were requeued now; nothing is changed.
  @Sendable private func rehearse(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let form = try await request.form()
    let answer = try await dashboard.api.post("\(Self.path)/rehearse", Self.chosen(form), as: visitor)
    let groups = answer["data"]["groups"].array
    let values: [String: Any] = [
      "groups": groups.map { group in
        [
          "fingerprint": group["fingerprint"].text ?? "", "passing": Shown.number(group["passing"]),
          "again": Shown.number(group["coming_again"]), "dying": Shown.number(group["dying"]),
          "unknown": Shown.number(group["unknown"]), "example": group["example"].text ?? "",
        ]
      },
      "isEmpty": groups.isEmpty, "queue": Shown.Text(form["queue"]), "group": Shown.Text(form["group"]),
      "id": Shown.Text(form["id"]), "passes": groups.contains { ($0["passing"].integer ?? 0) > 0 },
    ]
    return try page("dead-letter-rehearsal", values, "Rehearsal", visitor)
  }

  // MARK: Plans

  @Sendable private func enterPlan(_ request: Request, _ context: CallerContext) async throws -> Response {
    try page("dead-letter-plan", [:], "A plan", dashboard.visitor(request, context))
  }

  @Sendable private func plan(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let form = try await request.form()
    var body = Self.chosen(form)
    body["passing"] = .bool(form["passing"] == "yes")
    if let action = form["action"], !action.isEmpty { body["action"] = .string(action) }
    if let reason = form["reason"], !reason.isEmpty { body["reason"] = .string(reason) }
    let plan = try await dashboard.api.post("\(Self.path)/plan", body, as: visitor)["data"]
    return try page("dead-letter-plan", Self.plan(plan), "A plan", visitor)
  }

  /// Without its box ticked nothing is done: instead the page says what the plan would do.
  @Sendable private func apply(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let form = try await request.form()
    guard let plan = try? JSON.parse(form["plan"] ?? "") else {
      throw Problem.invalid(
        "plan", "is no plan: it is what the page of a plan or crossdock dlq plan has shown")
    }
    guard form["confirmed"] == "yes" else {
      return try page("dead-letter-plan", Self.plan(plan), "A plan", visitor)
    }
    let acted = try await dashboard.api.post(
      "\(Self.path)/apply", ["plan": plan], key: form["once"], as: visitor)["data"]
    let action = plan["action"].text == "discard" ? "discard" : "requeue"
    let (done, left) = (acted["done"].text ?? "0", acted["left"].text ?? "0")
    return .seeOther("/dead-letters?did=\(action)&done=\(done.percentEncoded)&left=\(left.percentEncoded)")
  }

  // MARK: Values

  private static func plan(_ plan: JSON) -> [String: Any] {
    let count = plan["letters"].array.count
    return [
      "plan": [
        "text": plan.description, "action": plan["action"].text ?? "", "count": Shown.number(Double(count)),
        "isNone": count == 0, "isOne": count == 1, "by": plan["created_by"].text ?? "",
        "at": Shown.time(plan["created_at"]), "reason": Shown.Text(plan["reason"].text),
        "once": UUID().uuidString.lowercased(),
      ] as [String: Any]
    ]
  }

  static func action(_ action: JSON) -> [String: Any] {
    let original = action["original_base64"].text.flatMap { Data(base64Encoded: $0) }
    return [
      "at": Shown.time(action["created_at"]), "actor": action["actor"].text ?? "",
      "action": action["action"].text ?? "", "isUnderWay": action["state"].text == "intended",
      "queue": action["queue"].text ?? "", "message": action["message_id"].text ?? "",
      "fingerprint": action["fingerprint"].text ?? "", "reason": action["reason"].text ?? "",
      "original": Shown.Text(original.map { String(decoding: $0, as: UTF8.self) }),
    ]
  }
}
