import Foundation
import Gateway
import Hummingbird
import JSON

/// `/connections`: the marketplace accounts; one of them with its rules, feeds, webhooks and what went wrong last.
struct ConnectionPages {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/connections", use: list)
    routes.get("/connections/:id", use: show)
    routes.post("/connections/:id/:deed", use: act)
  }

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let answer = try await dashboard.api.get(
      "/api/v1/connections", ["cursor": request.query("cursor")], as: visitor)
    let monitor = try await dashboard.api.get("/api/v1/sync/monitor/status", as: visitor)["data"]
    var values: [String: Any] = [
      "connections": answer["items"].array.map { Self.row($0, monitor) },
      "isEmpty": answer["items"].array.isEmpty,
    ]
    if let next = answer["next"].text { values["next"] = "/connections?cursor=\(next.percentEncoded)" }
    return try dashboard.views.page(
      "connections", values, title: "Connections", section: .connections, for: visitor.caller, isLive: true)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    try await page(
      dashboard.visitor(request, context), Self.id(context), tested: nil, notice: Self.notice(request))
  }

  private func page(
    _ visitor: Visitor, _ id: String, tested: JSON?, notice: String?
  ) async throws -> Response {
    let account = try await dashboard.api.get("/api/v1/connections/\(id.percentEncoded)", as: visitor)
    let realtime = try await dashboard.api.get("/realtime-sync/status/\(id.percentEncoded)", as: visitor)[
      "data"]
    var values = Self.facts(account)
    values["webhookURL"] = realtime["webhook_url"].text ?? ""
    values["lastEvent"] = Shown.time(realtime["last_event_at"])
    values["events"] = Shown.number(realtime["events_last_day"])
    values["failed"] = Shown.number(realtime["failed_last_day"])
    values["tested"] = Shown.maybe(tested.map(Self.test))
    values["notice"] = Shown.maybe(notice)
    return try dashboard.views.page(
      "connection", values, title: account["name"].text ?? "Connection", section: .connections,
      for: visitor.caller, isLive: tested == nil)
  }

  // MARK: Changing

  /// The rules that the form sets.
  private static let rules = [
    "enableCrossPlatformSync", "propagateCreates", "propagateUpdates", "propagateDeletes",
    "propagateInventory",
  ]

  @Sendable private func act(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let id = Self.id(context)
    let path = "/realtime-sync/\(context.parameters.get("deed") ?? "")/\(id.percentEncoded)"
    switch context.parameters.get("deed") {
    case "enable":
      let form = try await request.form()
      var body: JSON = [:]
      for rule in Self.rules { body[rule] = .bool(form[rule] == "yes") }
      _ = try await dashboard.api.post(path, body, as: visitor)
    case "disable": _ = try await dashboard.api.post(path, [:], as: visitor)
    case "test":
      let answer = try await dashboard.api.post(path, [:], as: visitor)["data"]
      return try await page(visitor, id, tested: answer, notice: nil)
    default: throw Problem.notFound("action")
    }
    return .seeOther("/connections/\(id.percentEncoded)?did=\(context.parameters.get("deed") ?? "")")
  }

  // MARK: Values

  private static func id(_ context: CallerContext) -> String {
    (context.parameters.get("id") ?? "").removingPercentEncoding ?? ""
  }

  private static func notice(_ request: Request) -> String? {
    switch request.query("did") {
    case "enable": "Real time is on, with these rules."
    case "disable": "Real time is off."
    default: nil
    }
  }

  private static func row(_ account: JSON, _ monitor: JSON) -> [String: Any] {
    let feeds = monitor["feeds"].array.filter { $0["connection_id"] == account["id"] }
    let bad = feeds.filter { isBad($0["status"].text) }
    let polled = feeds.compactMap { $0["last_polled_at"].timestamp }.max()
    return [
      "href": "/connections/" + (account["id"].text ?? "").percentEncoded, "name": account["name"].text ?? "",
      "platform": account["platform"].text ?? "", "marketplace": account["marketplace_id"].text ?? "",
      "user": account["user_id"].text ?? "", "status": account["status"].text ?? "",
      "isShadow": account["mode"].text == "shadow", "realtime": account["realtime_enabled"].bool == true,
      "polled": Shown.maybe(polled.map { Shown.time(.time($0)) }),
      "health": bad.isEmpty ? "well" : "\(bad.count) of \(feeds.count) feeds fail", "isBad": !bad.isEmpty,
      "error": bad.first?["last_error"].text ?? "",
    ]
  }

  private static func isBad(_ status: String?) -> Bool { ["failing", "stopped"].contains(status) }

  private static func facts(_ account: JSON) -> [String: Any] {
    let rules = account["sync_rules"].object
    var values: [String: Any] = [
      "name": account["name"].text ?? "", "path": "/connections/" + (account["id"].text ?? "").percentEncoded,
      "id": account["id"].text ?? "",
      "platform": account["platform"].text ?? "", "marketplace": account["marketplace_id"].text ?? "",
      "user": account["user_id"].text ?? "", "status": account["status"].text ?? "",
      "mode": account["mode"].text ?? "", "url": account["base_url"].text ?? "",
      "listings": Shown.number(account["listings"]), "changed": Shown.time(account["updated_at"]),
      "realtime": account["realtime_enabled"].bool == true,
      "rules": rules.sorted { $0.key < $1.key }.map {
        ["name": $0.key, "value": $0.value.bool.map { $0 ? "yes" : "no" } ?? $0.value.description]
      },
      "hasRules": !rules.isEmpty,
    ]
    values["choices"] = Self.rules.map { rule in
      let stored = rule == "enableCrossPlatformSync" ? "propagateChanges" : rule
      return ["name": rule, "label": label(rule), "checked": rules[stored]?.bool != false] as [String: Any]
    }
    values["feeds"] = account["feeds"].array.map { feed in
      [
        "feed": feed["feed"].text ?? "", "status": feed["status"].text ?? "",
        "isBad": isBad(feed["status"].text), "polled": Shown.time(feed["last_polled_at"]),
        "next": Shown.time(feed["next_due_at"]), "error": feed["last_error"].text ?? "",
      ] as [String: Any]
    }
    values["breakers"] = account["breakers"].array.map { breaker in
      [
        "class": breaker["error_class"].text ?? "", "failures": Shown.number(breaker["failures"]),
        "until": Shown.time(breaker["open_until"]),
      ]
    }
    values["errors"] = errors(account)
    values["isWell"] = errors(account).isEmpty && account["breakers"].array.isEmpty
    return values
  }

  /// What went wrong lately, the latest first.
  private static func errors(_ account: JSON) -> [[String: Any]] {
    let runs = account["runs"].array.map {
      ($0["started_at"], "poll of \($0["feed"].text ?? "")", $0["error"].text ?? "")
    }
    let pushes = account["push_failures"].array.map {
      ($0["at"], "quantity of \($0["listing"].text ?? "")", $0["error"].text ?? "")
    }
    return (runs + pushes).sorted { ($0.0.text ?? "") > ($1.0.text ?? "") }.map {
      ["at": Shown.time($0.0), "what": $0.1, "error": $0.2]
    }
  }

  private static func label(_ rule: String) -> String {
    switch rule {
    case "enableCrossPlatformSync": "Changes go to the other connections"
    case "propagateCreates": "new products"
    case "propagateUpdates": "changed products"
    case "propagateDeletes": "deleted products"
    default: "stock"
    }
  }

  private static func test(_ answer: JSON) -> [String: Any] {
    let topics = answer["registered_topics"].array.compactMap(\.text).sorted()
    return [
      "isReachable": answer["reachable"].bool == true, "problem": answer["problem"].text ?? "",
      "topics": topics.isEmpty ? "none" : topics.joined(separator: ", "),
    ]
  }
}
