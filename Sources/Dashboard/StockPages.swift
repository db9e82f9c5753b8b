import Foundation
import Gateway
import Hummingbird
import JSON
import Time

/// `/stock`: what is on hand, how it came to that, goods that come in.
struct StockPages {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/stock", use: list)
    routes.get("/stock/:variation", use: show)
    routes.post("/stock/:variation/topup", use: topUp)
    routes.post("/stock/:variation/sync", use: sync)
  }

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let (sku, below) = (request.query("sku"), request.query("below"))
    let answer = try await dashboard.api.get(
      "/api/v1/stock", ["sku": sku, "below": below, "cursor": request.query("cursor")], as: visitor)
    var values: [String: Any] = [
      "rows": answer["items"].array.map(Self.row), "sku": sku ?? "", "below": below ?? "",
      "isEmpty": answer["items"].array.isEmpty,
    ]
    if let next = answer["next"].text {
      values["next"] =
        "/stock?cursor=\(next.percentEncoded)&sku=\((sku ?? "").percentEncoded)&below=\((below ?? "").percentEncoded)"
    }
    return try dashboard.views.page(
      "stock", values, title: "Stock", section: .stock, for: visitor.caller, isLive: true)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let id = try Self.id(context)
    let variation = try await dashboard.api.get("/api/v1/stock/\(id)", as: visitor)
    let history = try await dashboard.api.get("/api/v1/stock/\(id)/history", ["limit": "200"], as: visitor)
    let changes = history["items"].array
    let rows = variation["stock"].array.map { row in
      var values = Self.row(row)
      let own = changes.filter { $0["marketplace_id"] == row["marketplace_id"] }
      values["chart"] = Shown.maybe(Self.chart(own))
      values["once"] = UUID().uuidString.lowercased()
      values["variation"] = id
      return values
    }
    let values: [String: Any] = [
      "sku": variation["sku"].text ?? "", "title": Shown.Text(variation["title"].text), "variation": id,
      "isUnmapped": variation["is_mapped"].bool == false, "rows": rows,
      "changes": changes.prefix(50).map(Self.change), "hasMore": changes.count > 50,
      "notice": Shown.maybe(Self.notice(request)),
    ]
    return try dashboard.views.page(
      "variation", values, title: variation["sku"].text ?? "Stock", section: .stock, for: visitor.caller,
      isLive: true)
  }

  // MARK: Changing

  @Sendable private func topUp(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let (id, form) = (try Self.id(context), try await request.form())
    guard let quantity = form["quantity"].flatMap({ Int($0) }),
      let marketplace = form["marketplace"].flatMap({ Int($0) })
    else { throw Problem.invalid("quantity", "must be a whole number") }
    var body: JSON = [
      "variationId": .integer(id), "marketplaceId": .integer(marketplace), "quantity": .integer(quantity),
    ]
    if let notes = form["notes"], !notes.isEmpty { body["notes"] = .string(notes) }
    // The form's own key: sent twice it books once.
    _ = try await dashboard.api.post("/api/v1/stock/topup", body, key: form["once"], as: visitor)
    return .seeOther("/stock/\(id)?did=topup")
  }

  @Sendable private func sync(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let id = try Self.id(context)
    _ = try await dashboard.api.post("/api/v1/stock/sync", ["variationId": .integer(id)], as: visitor)
    return .seeOther("/stock/\(id)?did=sync")
  }

  // MARK: Values

  private static func id(_ context: CallerContext) throws(Problem) -> Int {
    guard let id = context.parameters.get("variation").flatMap({ Int($0) }) else {
      throw .notFound("variation")
    }
    return id
  }

  private static func notice(_ request: Request) -> String? {
    switch request.query("did") {
    case "topup": "The goods are on their way into the ledger; the figure changes in a moment."
    case "sync": "The listings are being read anew."
    default: nil
    }
  }

  private static func row(_ row: JSON) -> [String: Any] {
    let onHand = row["on_hand"].integer ?? 0
    return [
      "sku": row["sku"].text ?? "", "title": row["title"].text ?? "",
      "href": "/stock/\(row["variation_id"].text ?? "")", "marketplace": row["marketplace_id"].text ?? "",
      "onHand": Shown.number(row["on_hand"]), "listed": Shown.number(row["listed_stock"]),
      "oversold": onHand < 0 ? Shown.number(Double(-onHand)) : "", "isOversold": onHand < 0,
      "synced": Shown.time(row["last_synced_at"]), "updated": Shown.time(row["updated_at"]),
    ]
  }

  private static func change(_ change: JSON) -> [String: Any] {
    let size = change["quantity_change"].integer ?? 0
    var values: [String: Any] = [
      "at": Shown.time(change["occurred_at"]), "marketplace": change["marketplace_id"].text ?? "",
      "cause": cause(change), "size": size > 0 ? "+\(size)" : Shown.number(Double(size)),
      "after": Shown.number(change["quantity_after"]), "reference": Shown.Text(change["reference_id"].text),
      "admin": change["admin_id"].text ?? "", "notes": change["notes"].text ?? "",
    ]
    if let order = change["external_order_id"].text { values["order"] = "/orders/" + order.percentEncoded }
    return values
  }

  private static func cause(_ change: JSON) -> String {
    let type = change["change_type"].text ?? ""
    return change["quantity_change"].integer == 0
      ? "\(type.replacing("_", with: " ")), absorbed" : type.replacing("_", with: " ")
  }

  /// The latest changes as steps, by the order in which they were booked; nil when there are none.
  private static func chart(_ newestFirst: [JSON]) -> [String: Any]? {
    let changes = newestFirst.reversed().compactMap { change -> StepChart.Change? in
      guard let time = change["occurred_at"].timestamp, let before = change["quantity_before"].integer,
        let after = change["quantity_after"].integer
      else { return nil }
      return .init(time: time, before: Int(before), after: Int(after), cause: cause(change))
    }
    guard !changes.isEmpty else { return nil }
    let chart = StepChart(changes, until: .now())
    return [
      "path": chart.path, "zero": chart.zero, "most": String(chart.most), "least": String(chart.least),
      "dots": chart.dots.map { ["x": $0.x, "y": $0.y, "title": $0.title] },
    ]
  }
}
