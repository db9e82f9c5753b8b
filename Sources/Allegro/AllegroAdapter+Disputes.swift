import Events
import JSON
import Marketplaces
import Time

extension AllegroAdapter {
  /// A page of `GET /sale/issues`, the discussions and claims of buyers, which begins with the latest; the walk ends
  /// where they were opened before the window.
  func disputes(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let limit = min(max(request.limit, 1), 100)
    let answer = try await client.json(
      MarketplaceCall(
        .get, "/sale/issues", query: [("limit", String(limit)), ("offset", String(place.offset))],
        headers: [("accept", "application/vnd.allegro.beta.v1+json")]))
    guard case .array(let issues) = answer.json["issues"] else {
      throw .malformed("a page of disputes has no 'issues'")
    }
    let isFull =
      issues.count >= limit && issues.last.map { (Self.opened($0) ?? place.from) >= place.from } ?? false
    let next = place.next(after: issues.count, isFull: isFull, at: answer.date)
    return FeedPage(
      items: issues.map { dispute($0, at: answer.date) }, nextCursor: next?.text, isLast: next == nil,
      observedAt: answer.date, calls: 1)
  }

  private static func opened(_ issue: JSON) -> Timestamp? {
    issue["openedDate"].timestamp ?? issue["createdAt"].timestamp
  }

  /// The same dispute is told once, whatever its state becomes.
  private func dispute(_ issue: JSON, at moment: Timestamp) -> FeedItem {
    let id = issue["id"].text ?? ""
    let opened = Self.opened(issue) ?? moment
    let status = issue["currentState"]["status"].text ?? issue["status"].text ?? ""
    let isClosed = ["CLOSED", "ACCEPTED", "REJECTED"].contains { status.hasSuffix($0) }
    let raw = RawEvent(
      id: "issue/\(id)" + (isClosed ? "/closed" : ""), type: issue["type"].text ?? "DISPUTE",
      occurredAt: opened, payload: issue)
    guard !isClosed else { return FeedItem(raw: raw, meaning: .skipped("dispute \(id) is closed")) }
    guard !id.isEmpty, let order = issue["checkoutForm"]["id"].text ?? issue["order"]["id"].text else {
      return FeedItem(raw: raw, meaning: .failed("dispute \(id) names no order"))
    }
    let reason =
      issue["subject"]["name"].text ?? issue["reason"]["type"].text ?? issue["description"].text
    let event = connection.event(
      id: connection.messageId(raw.id), type: .disputeInitiated, time: opened, change: "opened",
      observedAt: moment,
      .dispute(Dispute(externalId: id, orderId: order, reason: reason, openedAt: opened), nil))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
