import Foundation
import Gateway
import Hummingbird
import JSON

/// What is only looked at, a table each: conversations, events, activity.
struct ListPages {
  let dashboard: Dashboard

  func add(to routes: RouterGroup<CallerContext>) {
    for list in Listing.all {
      routes.get(RouterPath(list.section.rawValue)) { try await show(list, $0, $1) }
    }
    routes.get("/conversations/:id", use: conversation)
  }

  private func show(_ list: Listing, _ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let answer = try await dashboard.api.get(list.path, ["cursor": request.query("cursor")], as: visitor)
    let items = answer["items"].array
    var values: [String: Any] = [
      "heading": list.section.label, "isEmpty": items.isEmpty, "columns": list.columns.map(\.title),
      "rows": items.map { ["cells": list.cells(of: $0)] },
    ]
    if let next = answer["next"].text {
      values["next"] = "\(list.section.rawValue)?cursor=\(next.percentEncoded)"
    }
    return try dashboard.views.page(
      "list", values, title: list.section.label, section: list.section, for: visitor.caller, isLive: true)
  }

  @Sendable private func conversation(_ request: Request, _ context: CallerContext) async throws -> Response {
    let visitor = dashboard.visitor(request, context)
    let id = (context.parameters.get("id") ?? "").removingPercentEncoding ?? ""
    let talk = try await dashboard.api.get("/api/v1/conversations/\(id.percentEncoded)", as: visitor)
    let values: [String: Any] = [
      "type": talk["type"].text ?? "", "status": talk["status"].text ?? "",
      "order": Shown.maybe(talk["external_order_id"].text.map { "/orders/" + $0.percentEncoded }),
      "number": talk["number"].text ?? talk["external_order_id"].text ?? "",
      "needsModerator": talk["needs_moderator"].bool == true,
      "members": talk["members"].array.map {
        ["role": $0["role"].text ?? "", "name": Shown.Text($0["name"].text ?? $0["user_id"].text)]
      },
      "disputes": talk["disputes"].array.map {
        ["reason": $0["reason"].text ?? "", "at": Shown.time($0["opened_at"])] as [String: Any]
      },
      "messages": talk["messages"].array.map {
        [
          "kind": ($0["kind"].text ?? "").replacing("_", with: " "), "body": $0["body"].text ?? "",
          "delivery": $0["delivery_status"].text ?? "", "at": Shown.time($0["created_at"]),
        ] as [String: Any]
      },
    ]
    return try dashboard.views.page(
      "conversation", values, title: "Conversation", section: .conversations, for: visitor.caller)
  }
}

/// A list of the API as a table.
struct Listing: Sendable {
  struct Column: Sendable {
    var title: String
    var member: String

    /// What is no text is shown as JSON; nothing as nothing.
    func text(_ item: JSON) -> String {
      let value = item[member]
      if let bool = value.bool { return bool ? "yes" : "no" }
      return value.isNull ? "" : value.text ?? value.description
    }
  }

  var section: Section
  var path: String
  var columns: [Column]
  var href: @Sendable (JSON) -> String? = { _ in nil }

  static let all = [
    Listing(
      section: .conversations, path: "/api/v1/conversations",
      columns: columns([
        "Order": "number", "Marketplace's id": "external_order_id", "Type": "type", "Status": "status",
        "Needs a moderator": "needs_moderator", "Changed": "updated_at",
      ]),
      href: { "/conversations/\($0["id"].text ?? "")" }),
    Listing(
      section: .events, path: "/api/webhooks/events",
      columns: columns([
        "Came": "created_at", "Type": "event_type", "Status": "status", "Source": "source",
        "Event": "event_id", "Error": "processing_error",
      ])),
    Listing(
      section: .activity, path: "/api/v1/activity",
      columns: columns([
        "When": "created_at", "What": "kind", "Took (ms)": "duration_ms", "Whose": "user_id",
        "Details": "body",
      ])),
  ]

  /// The values of a row; the first leads to the thing itself.
  func cells(of item: JSON) -> [[String: Any]] {
    let link = href(item)
    return columns.enumerated().map { place, column in
      let text = column.text(item)
      let href = place == 0 ? link : nil
      return [
        "time": Shown.time(item[column.member]), "href": Shown.maybe(href),
        "text": href != nil && text.isEmpty ? "open" : text,
      ]
    }
  }

  /// Titles and members, from left to right.
  private static func columns(_ titles: KeyValuePairs<String, String>) -> [Column] {
    titles.map { Column(title: $0, member: $1) }
  }
}
