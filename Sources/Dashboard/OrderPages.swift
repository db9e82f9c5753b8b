import Foundation
import Gateway
import Hummingbird
import JSON
import Time

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
      "order", values, title: "Order \(order["number"].text ?? name)", section: .orders, for: visitor.caller,
      isLive: true)
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

  /// The order's way, oldest first: what happened to it, the events that told of it, what each consumer did.
  private static func timeline(_ order: JSON) -> [[String: Any]] {
    let moments = [
      ("placed", order["placed_at"]), ("last changed at the marketplace", order["source_updated_at"]),
      ("cancelled", order["cancelled_at"]), ("last written here", order["updated_at"]),
    ].map { Step(at: $0.1, what: $0.0) }
    let stock = order["stock_changes"].array.map { change in
      let size = change["quantity_change"].integer ?? 0
      return Step(
        at: change["at"],
        what: "stock of \(change["sku"].text ?? "") \(size > 0 ? "+" : "")\(size), then "
          + "\(change["quantity_after"].text ?? "") (\((change["change_type"].text ?? "").replacing("_", with: " ")))",
        href: change["variation_id"].text.map { "/stock/\($0)" })
    }
    let messages = order["messages"].array.map {
      Step(
        at: $0["at"],
        what: "\(($0["kind"].text ?? "").replacing("_", with: " ")), \($0["delivery_status"].text ?? "")")
    }
    let disputes = order["disputes"].array.map {
      Step(at: $0["at"], what: "disputed: \($0["reason"].text ?? "no reason given")")
    }
    let steps = moments + order["events"].array.map { Step(event: $0) } + stock + messages + disputes
    return steps.filter { $0.at.timestamp != nil }
      .sorted { ($0.at.timestamp ?? .now()) < ($1.at.timestamp ?? .now()) }.map(\.values)
  }
}

/// Something on an order's timeline.
private struct Step {
  var at: JSON
  var what: String
  var href: String?
  /// Which consumers were done with an event, and when after it came.
  var consumers: [[String: Any]] = []

  init(at: JSON, what: String, href: String? = nil) {
    self.at = at
    self.what = what
    self.href = href
  }

  init(event: JSON) {
    at = event["created_at"]
    what =
      "\(event["event_type"].text ?? "") came by \(event["source"].text ?? ""), \(event["status"].text ?? "")"
    let arrived = event["created_at"].timestamp
    let done = event["processed_by"].array.map { one -> [String: Any] in
      let after = one["at"].timestamp.flatMap { at in arrived.map { (at - $0) / .seconds(1) } }
      return [
        "consumer": one["consumer"].text ?? "", "isBad": false,
        "outcome": after.map { "done after \(Shown.brief(seconds: max(0, $0)))" } ?? "done",
      ]
    }
    let failed = event["failures"].array.map { one -> [String: Any] in
      [
        "consumer": one["queue"].text ?? "", "isBad": true,
        "outcome": "died: \(one["error"].text ?? "")",
      ]
    }
    consumers = done + failed
  }

  var values: [String: Any] {
    [
      "at": Shown.time(at), "what": what, "href": Shown.maybe(href), "consumers": consumers,
      "hasConsumers": !consumers.isEmpty,
    ]
  }
}
