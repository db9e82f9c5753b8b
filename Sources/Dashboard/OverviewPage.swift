import Gateway
import Hummingbird
import JSON
import Time

/// `/`: the pipeline and what is wrong with it.
struct OverviewPage {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/", use: show)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let monitor = try await dashboard.api.get("/api/v1/sync/monitor/status", as: visitor)["data"]
    var values: [String: Any] = [
      "feeds": monitor["feeds"].array.map(Self.feed),
      "scheduler": monitor["scheduler"]["running"].bool == true ? "leads" : "is not there",
      "beat": Shown.time(monitor["scheduler"]["last_beat_at"]),
    ]
    var queues: [JSON] = []
    if visitor.caller.owner == nil {
      let sample = dashboard.history.latest()
      queues = sample?.queues ?? []
      values["pipeline"] = [
        "picture": PipelinePicture(queues: queues, monitor: monitor).values,
        "queues": queues.map(queue), "sampled": Shown.maybe(sample.map { Shown.time(.time($0.time)) }),
        "outbox": Shown.number(monitor["outbox"]["messages"]),
        "outboxAge": Shown.span(
          seconds: monitor["outbox"]["oldest_age_seconds"].text.flatMap(Double.init) ?? 0),
      ]
    }
    let alerts = PipelineAlerts.all(queues: queues, monitor: monitor)
    values["alerts"] = alerts.map { ["text": $0.text, "level": $0.isSerious ? "serious" : "mild"] }
    values["isWell"] = alerts.isEmpty
    return try dashboard.views.page(
      "overview", values, title: "Overview", section: .overview, for: visitor.caller, isLive: true)
  }

  private func queue(_ queue: JSON) -> [String: Any] {
    let name = queue["queue"].text ?? ""
    var values: [String: Any] = [
      "name": name.split(separator: ".").dropFirst().joined(separator: "."),
      "ready": Shown.number(queue["ready"]), "unacked": Shown.number(queue["unacked"]),
      "consumers": Shown.number(queue["consumers"]), "in": Shown.number(queue["in_per_second"]),
      "out": Shown.number(queue["out_per_second"]), "dead": Shown.number(queue["dead_letters"]),
      "half": Self.time(queue["end_to_end_seconds"]["p50"]),
      "most": Self.time(queue["end_to_end_seconds"]["p99"]),
      "oldest": Self.time(queue["oldest_age_seconds"]),
      "line": Sparkline.path(dashboard.history.depths(of: name), span: DepthHistory.span),
    ]
    if let dead = queue["dead_letters"].integer, dead > 0 {
      values["deadHref"] = "/dead-letters?queue=" + (values["name"] as? String ?? "").percentEncoded
    }
    return values
  }

  /// Unknown is a dash.
  private static func time(_ seconds: JSON) -> String {
    seconds.text.flatMap(Double.init).map { Shown.brief(seconds: $0) } ?? "–"
  }

  private static func feed(_ feed: JSON) -> [String: Any] {
    [
      "connection": feed["connection"].text ?? "", "feed": feed["feed"].text ?? "",
      "status": feed["status"].text ?? "", "isBad": ["failing", "stopped"].contains(feed["status"].text),
      "polled": Shown.time(feed["last_polled_at"]), "error": feed["last_error"].text ?? "",
    ]
  }
}
