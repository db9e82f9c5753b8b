import Events
import JSON
import Marketplaces
import Time

extension BackMarketAdapter {
  /// A page of `GET /ws/sav`: ten care folders, which name a line but no order. Each is opened to see whose it is.
  func disputes(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let page = try await results(
      "/ws/sav",
      [
        ("last_modification_date", Self.minute(place.from)),
        ("page", String(place.offset / Self.foldersPerPage + 1)),
      ])
    let ids = page.json.compactMap { $0["id"].text }
    let folders = try await concurrently(ids) { [self] id throws(MarketplaceError) in
      try await get("/ws/sav/" + PercentEncoding.segment(id)).json
    }
    let items = ids.map { dispute($0, folders[$0] ?? .null, at: page.date) }
    let next = place.next(
      after: Self.foldersPerPage, isFull: page.hasNext && !page.json.isEmpty, at: page.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: page.date, calls: 1 + ids.count)
  }

  static let foldersPerPage = 10

  private func dispute(_ id: String, _ folder: JSON, at moment: Timestamp) -> FeedItem {
    let opened = folder["date_creation"].timestamp ?? moment
    let isClosed = folder["state"].integer == 9
    let raw = RawEvent(
      id: "sav/\(id)" + (isClosed ? "/closed" : ""), type: "CARE_FOLDER", occurredAt: opened, payload: folder)
    guard !isClosed else { return FeedItem(raw: raw, meaning: .skipped("care folder \(id) is closed")) }
    let order = folder["orderline"]["order"]
    guard let orderId = order["order_id"].text else {
      return FeedItem(raw: raw, meaning: .failed("care folder \(id) names no order"))
    }
    let issue = folder["lines"][0]["issues"][0]["customerIssue"].text
    let dispute = Dispute(externalId: id, orderId: orderId, reason: issue, openedAt: opened)
    let event = connection.event(
      id: connection.messageId(raw.id), type: .disputeInitiated, time: opened, change: nil,
      observedAt: moment,
      .dispute(dispute, nil))
    return FeedItem(raw: raw, meaning: .event(event))
  }

  /// `YYYY-MM-DD-hh-mm`, as this one parameter is written.
  static func minute(_ moment: Timestamp) -> String {
    let parts = moment.description.split { "-T:".contains($0) }
    return parts.prefix(5).joined(separator: "-")
  }
}
