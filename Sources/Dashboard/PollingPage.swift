import Gateway
import Hummingbird
import JSON

/// `/polling`: how the polling of orders stands and what it came to, by hand and at what pace; every feed.
struct PollingPage {
  let dashboard: Dashboard

  private static let path = "/api/v1/orders/polling"

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/polling", use: show)
    routes.post("/polling/events", use: pollEvents)
    routes.post("/polling/orders", use: pollOrders)
    routes.post("/polling/reset", use: reset)
    routes.post("/polling/config", use: configure)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let status = try await dashboard.api.get("\(Self.path)/status", as: visitor)["data"]
    let health = try await dashboard.api.get("\(Self.path)/health", as: visitor)["data"]
    let monitor = try await dashboard.api.get("/api/v1/sync/monitor/status", as: visitor)["data"]
    let statistics = status["statistics"]
    let figures = [
      ("Polled", "total_polled"), ("Known already", "already_synced"), ("New", "newly_synced"),
      ("Updated", "updated"), ("Skipped", "skipped"), ("Errors", "sync_errors"),
      ("Success, per cent", "success_rate"),
    ]
    let values: [String: Any] = [
      "status": (status["status"].text ?? "").replacing("_", with: " "),
      "health": health["status"].text ?? "", "isWell": health["status"].text == "healthy",
      "last": Shown.time(status["last_poll_time"]),
      "next": Shown.maybe(
        status["seconds_until_next_poll"].text.flatMap(Double.init).map { Shown.span(seconds: $0) }),
      "figures": figures.map { ["label": $0.0, "value": Shown.number(statistics[$0.1])] },
      "errors": statistics["errors"].object.sorted { $0.key < $1.key }.map {
        ["class": $0.key, "count": Shown.number($0.value)]
      },
      "feeds": monitor["feeds"].array.map(Self.feed), "mayConfigure": visitor.caller.owner == nil,
      "isEnabled": status["enabled"].bool == true, "interval": status["interval_minutes"].text ?? "",
      "lookback": status["lookback_minutes"].text ?? "", "batch": status["batch_size"].text ?? "",
      "pages": status["max_pages"].text ?? "", "notice": Shown.maybe(Self.notice(request)),
    ]
    return try dashboard.views.page(
      "polling", values, title: "Polling", section: .polling, for: visitor.caller, isLive: true)
  }

  // MARK: Changing

  @Sendable private func pollEvents(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try await dashboard.api.post(
      "/api/webhooks/poll-events", [:], as: dashboard.visitor(request, context))
    return .seeOther("/polling?did=poll")
  }

  @Sendable private func pollOrders(_ request: Request, _ context: CallerContext) async throws -> Response {
    let form = try await request.form()
    var body: JSON = [:]
    for name in ["lookback_minutes", "batch_size", "max_pages"] {
      if let value = form[name].flatMap({ Int($0) }) { body[name] = .integer(value) }
    }
    if form["dry_run"] == "yes" { body["dry_run"] = true }
    _ = try await dashboard.api.post(
      "\(Self.path)/trigger?wait=0", body, as: dashboard.visitor(request, context))
    return .seeOther("/polling?did=poll")
  }

  @Sendable private func reset(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try await dashboard.api.post("\(Self.path)/reset-stats", [:], as: dashboard.visitor(request, context))
    return .seeOther("/polling?did=reset")
  }

  @Sendable private func configure(_ request: Request, _ context: CallerContext) async throws -> Response {
    let form = try await request.form()
    var body: JSON = ["enabled": .bool(form["enabled"] == "yes")]
    for name in ["interval_minutes", "lookback_minutes", "batch_size", "max_pages"] {
      guard let text = form[name], !text.isEmpty else { continue }
      guard let value = Int(text) else { throw Problem.invalid(name, "must be a whole number") }
      body[name] = .integer(value)
    }
    _ = try await dashboard.api.put("\(Self.path)/config", body, as: dashboard.visitor(request, context))
    return .seeOther("/polling?did=config")
  }

  // MARK: Values

  private static func notice(_ request: Request) -> String? {
    switch request.query("did") {
    case "poll": "The feeds are being polled."
    case "reset": "The statistics begin anew."
    case "config": "Every process polls by these values from now on."
    default: nil
    }
  }

  private static func feed(_ feed: JSON) -> [String: Any] {
    [
      "connection": feed["connection"].text ?? "",
      "href": "/connections/" + (feed["connection_id"].text ?? "").percentEncoded,
      "feed": feed["feed"].text ?? "", "status": feed["status"].text ?? "",
      "isBad": ["failing", "stopped"].contains(feed["status"].text),
      "polled": Shown.time(feed["last_polled_at"]), "next": Shown.time(feed["next_due_at"]),
      "error": feed["last_error"].text ?? "",
    ]
  }
}
