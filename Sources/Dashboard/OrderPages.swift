import Foundation
import Gateway
import Hummingbird
import JSON

/// `/orders`: the orders as last heard of.
struct OrderPages {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    routes.get("/orders", use: list)
    routes.get("/orders/:id", use: show)
  }

  @Sendable private func list(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let (number, status) = (request.query("number"), request.query("status"))
    let answer = try await dashboard.api.get(
      "/api/v1/orders", ["number": number, "status": status, "cursor": request.query("cursor")], as: visitor)
    var values: [String: Any] = [
      "orders": answer["items"].array.map(Self.order), "number": number ?? "",
      "isEmpty": answer["items"].array.isEmpty,
      "statuses": ["new", "paid", "processing", "shipped", "fulfilled", "cancelled", "refunded"].map {
        (name: String) in
        ["name": name, "selected": name == status] as [String: Any]
      },
    ]
    if let next = answer["next"].text {
      values["next"] =
        "/orders?cursor=\(next.percentEncoded)&number=\((number ?? "").percentEncoded)&status=\((status ?? "").percentEncoded)"
    }
    return try dashboard.views.page(
      "orders", values, title: "Orders", section: .orders, for: visitor.caller, isLive: true)
  }

  @Sendable private func show(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let name = (context.parameters.get("id") ?? "").removingPercentEncoding ?? ""
    let order = try await dashboard.api.get("/api/v1/orders/\(name.percentEncoded)", as: visitor)
    var values = Self.order(order)
    values["tax"] = order["tax"].text ?? ""
    values["shipping"] = order["shipping"].text ?? ""
    values["buyer"] = ["name", "email"].compactMap { order["buyer"][$0].text }.joined(separator: ", ")
    values["entries"] = order["entries"].array.map { entry in
      [
        "title": entry["title"].text ?? (entry["kind"].text == "shipping" ? "Shipping" : ""),
        "sku": entry["sku"].text ?? "", "quantity": Shown.number(entry["quantity"]),
        "price": entry["unit_price"].text ?? "",
        "href": Shown.maybe(entry["variation_id"].text.map { "/stock/\($0)" }),
      ] as [String: Any]
    }
    values["tracking"] = order["tracking"].array.map {
      ["carrier": $0["carrier"].text ?? "", "number": $0["number"].text ?? ""]
    }
    values["timeline"] = Self.timeline(order)
    if let conversation = order["conversation_id"].text {
      values["conversation"] = "/conversations/\(conversation.percentEncoded)"
    }
    return try dashboard.views.page(
      "order", values, title: "Order \(order["number"].text ?? name)", section: .orders, for: visitor.caller)
  }

  // MARK: Values

  private static func order(_ order: JSON) -> [String: Any] {
    [
      "href": "/orders/\(order["id"].text ?? "")", "number": Shown.Text(order["number"].text),
      "externalId": order["external_id"].text ?? "", "marketplace": order["marketplace_id"].text ?? "",
      "status": order["status"].text ?? "", "financial": order["financial_status"].text ?? "",
      "fulfillment": order["fulfillment_status"].text ?? "", "total": order["total"].text ?? "",
      "currency": order["currency"].text ?? "", "placed": Shown.time(order["placed_at"]),
      "updated": Shown.time(order["source_updated_at"]),
    ]
  }

  /// What is known of the order's way, oldest first.
  private static func timeline(_ order: JSON) -> [[String: Any]] {
    let moments = [
      ("placed", order["placed_at"]), ("first heard of here", order["created_at"]),
      ("last changed at the marketplace", order["source_updated_at"]), ("cancelled", order["cancelled_at"]),
      ("last written here", order["updated_at"]),
    ]
    return moments.compactMap { what, moment in
      moment.timestamp.map { (what, moment, $0) }
    }.sorted { $0.2 < $1.2 }.map { ["what": $0.0, "at": Shown.time($0.1)] }
  }
}
