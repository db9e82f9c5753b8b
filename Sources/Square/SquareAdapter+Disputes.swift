import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Time

extension SquareAdapter {
  /// A page of all disputes, of which those count that changed within the window: Square's list can't be narrowed to
  /// one. It names the payment; the order of most is known from the orders that were read, the others are asked for.
  func disputes(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    guard let window = request.window else {
      throw .unsupported("Square's disputes are read by windows of time")
    }
    let answer = try await get("/v2/disputes", request.cursor.map { [("cursor", $0)] } ?? [])
    let changed = answer.json["disputes"].array.filter { dispute in
      SquareDispute.time(of: dispute).map { window.from <= $0 } ?? true
    }
    let orders = try await orders(ofPayments: Set(changed.compactMap(SquareDispute.payment)))
    let items = changed.map { dispute in
      let order = SquareDispute.payment(of: dispute).flatMap { orders.found[$0] }
      return SquareDispute.item(dispute, order: order, for: connection, observedAt: answer.date)
    }
    let next = answer.json["cursor"].text.flatMap { $0.isEmpty ? nil : $0 }
    return FeedPage(
      items: items, nextCursor: next, isLast: next == nil, observedAt: answer.date, calls: 1 + orders.calls)
  }

  private func orders(
    ofPayments payments: Set<String>
  ) async throws(MarketplaceError) -> (found: [String: String], calls: Int) {
    var found = memory.withLockedValue { memory in memory.orders.filter { payments.contains($0.key) } }
    let unknown = payments.subtracting(found.keys)
    let answers = try await concurrently(unknown, width: 4) { [self] id throws(MarketplaceError) in
      try await find("/v2/payments/" + PercentEncoding.segment(id))
    }
    for (payment, answer) in answers {
      guard let order = answer?.json["payment"]["order_id"].text else { continue }
      found[payment] = order
      memory.withLockedValue { $0.note(order: order, ofPayment: payment) }
    }
    return (found, unknown.count)
  }

  /// Nil instead of `.notFound`.
  private func find(_ path: String) async throws(MarketplaceError) -> JSONAnswer? {
    do {
      return try await get(path)
    } catch .notFound {
      return nil
    }
  }
}

/// Reads a dispute of Square.
enum SquareDispute {
  static func payment(of json: JSON) -> String? {
    json["disputed_payment"]["payment_id"].text ?? json["disputed_payments"][0]["payment_id"].text
  }

  /// When it changed last.
  static func time(of json: JSON) -> Timestamp? {
    json["updated_at"].timestamp ?? json["created_at"].timestamp ?? json["reported_at"].timestamp
  }

  /// The same dispute is told once, whatever its state becomes: its id is all there is in the event's.
  static func item(
    _ json: JSON, order: String?, for connection: MarketplaceConnection, observedAt: Timestamp
  ) -> FeedItem {
    let id = json["id"].text ?? json["dispute_id"].text ?? ""
    let opened = json["created_at"].timestamp ?? json["reported_at"].timestamp ?? observedAt
    let raw = RawEvent(id: "dispute/\(id)", type: "DISPUTE_LISTED", occurredAt: opened, payload: json)
    guard !id.isEmpty, let order else {
      return FeedItem(raw: raw, meaning: .failed("dispute \(id) names no payment of an order"))
    }
    let dispute = Dispute(externalId: id, orderId: order, reason: json["reason"].text, openedAt: opened)
    let event = connection.event(
      id: connection.messageId(raw.id), type: .disputeInitiated, time: opened, change: "opened",
      observedAt: observedAt, .dispute(dispute, nil))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
