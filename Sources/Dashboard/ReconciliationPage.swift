import Gateway
import Hummingbird
import JSON

/// `/reconciliations`: how the marketplaces' listings compared with the ledger, with the biggest differences.
struct ReconciliationPage {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/reconciliations", use: show)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let answer = try await dashboard.api.get(
      "/api/v1/reconciliations", ["limit": "20", "cursor": request.query("cursor")], as: visitor)
    var names: [String: String] = [:]
    for account in try await dashboard.api.get("/api/v1/connections", ["limit": "200"], as: visitor)["items"]
      .array
    {
      names[account["id"].text ?? ""] = account["name"].text
    }
    let reports = answer["items"].array
    var values: [String: Any] = [
      "reports": reports.map { Self.report($0, names) }, "isEmpty": reports.isEmpty,
    ]
    if let next = answer["next"].text { values["next"] = "/reconciliations?cursor=\(next.percentEncoded)" }
    return try dashboard.views.page(
      "reconciliations", values, title: "Reconciliations", section: .reconciliations, for: visitor.caller,
      isLive: true)
  }

  private static func report(_ report: JSON, _ names: [String: String]) -> [String: Any] {
    let listings = Double(report["listings"].integer ?? 0)
    let differences = Double(report["differences"].integer ?? 0)
    let id = report["connection_id"].text ?? ""
    return [
      "id": report["id"].text ?? "", "connection": names[id] ?? id,
      "href": "/connections/" + id.percentEncoded,
      "marketplace": report["marketplace_id"].text ?? "", "reason": report["reason"].text ?? "",
      "isDry": report["dry_run"].bool == true, "status": report["status"].text ?? "",
      "listings": Shown.number(report["listings"]), "differences": Shown.number(report["differences"]),
      // What an operator is alerted to as well.
      "isAlarming": differences > 0.01 * listings,
      "share": listings > 0 ? Shown.number(differences / listings * 100) : "–",
      "repaired": Shown.number(report["repaired"]), "calls": Shown.number(report["calls"]),
      "error": Shown.Text(report["error"].text),
      "at": Shown.time(report["finished_at"].isNull ? report["created_at"] : report["finished_at"]),
      "hasBiggest": !report["biggest"].array.isEmpty,
      "biggest": report["biggest"].array.map { one in
        [
          "listing": one["listing"].text ?? "", "sku": one["sku"].text ?? "",
          "stock": "/stock?sku=" + (one["sku"].text ?? "").percentEncoded,
          "ledger": Shown.number(one["ledger"]), "marketplace": Shown.number(one["marketplace"]),
          "difference": Shown.number(one["difference"]),
        ] as [String: Any]
      },
    ]
  }
}
