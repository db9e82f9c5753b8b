import Events
import JSON
import Marketplaces
import Time

extension EbayAdapter {
  /// A page of the payment disputes that were opened since the window's beginning, by offset.
  func disputes(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try WindowPlace(request)
    let limit = min(max(request.limit, 1), 200)
    let answer = try await get(
      "/sell/fulfillment/v1/payment_dispute_summary",
      [
        ("open_date_from", place.from.description), ("limit", String(limit)),
        ("offset", String(place.offset)),
      ], at: Self.disputeHost(beside: connection.baseURL))
    let disputes = answer.json["paymentDisputeSummaries"].array
    let next = place.next(
      after: disputes.count, isFull: place.offset + disputes.count < answer.json["total"].integer ?? 0,
      at: answer.date)
    return FeedPage(
      items: disputes.map { dispute($0, at: answer.date) }, nextCursor: next?.text, isLast: next == nil,
      observedAt: answer.date, calls: 1)
  }

  /// The service has a host of its own for them.
  package static func disputeHost(beside baseURL: String) -> String? {
    guard baseURL.hasPrefix("https://api."), baseURL.hasSuffix("ebay.com") else { return nil }
    return "https://apiz." + baseURL.dropFirst("https://api.".count)
  }

  private func dispute(_ json: JSON, at moment: Timestamp) -> FeedItem {
    let id = json["paymentDisputeId"].text ?? ""
    let opened = json["openDate"].timestamp ?? moment
    let isClosed = json["paymentDisputeStatus"].text == "CLOSED"
    let raw = RawEvent(
      id: "payment-dispute/\(id)" + (isClosed ? "/closed" : ""), type: "PAYMENT_DISPUTE", occurredAt: opened,
      payload: json)
    guard !isClosed else { return FeedItem(raw: raw, meaning: .skipped("payment dispute \(id) is closed")) }
    guard !id.isEmpty, let order = json["orderId"].text else {
      return FeedItem(raw: raw, meaning: .failed("payment dispute \(id) names no order"))
    }
    let dispute = Dispute(externalId: id, orderId: order, reason: json["reason"].text, openedAt: opened)
    let event = connection.event(
      id: connection.messageId(raw.id), type: .disputeInitiated, time: opened, change: "opened",
      observedAt: moment, .dispute(dispute, nil))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
