import Events
import JSON
import Marketplaces
import Time

extension AllegroAdapter {
  /// A page of `GET /order/events`. In the live dialect the event only names its order: what counts is the checkout
  /// form as it stands now.
  func orderEvents(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let answer = try await get("/order/events", eventQuery(request))
    let page = try EventPage(
      answer.json, after: request.cursor, dialect: connection.dialect, observedAt: answer.date)
    let known = page.events.filter { $0.problem == nil && AllegroEventType.order($0.raw.type) != nil }
    let read =
      connection.dialect == .live
      ? try await forms(Set(known.compactMap { Self.formId(of: $0.raw.payload) }))
      : try await documentedOrders(known, observedAt: answer.date)
    let items = page.events.map { entry in
      FeedItem(raw: entry.raw, meaning: orderMeaning(of: entry, read: read))
    }
    return FeedPage(
      items: items, nextCursor: page.nextCursor, isLast: items.count < request.limit, observedAt: answer.date,
      calls: 1 + read.calls)
  }

  func eventQuery(_ request: FeedRequest) -> [(name: String, value: String)] {
    var query = [(name: "limit", value: String(min(max(request.limit, 1), 1000)))]
    if let cursor = request.cursor {
      query.append((EventPage.cursorName(connection.dialect), cursor))
    }
    return query
  }

  private static func formId(of event: JSON) -> String? {
    event["order"]["checkoutForm"]["id"].text ?? event["order"]["id"].text
  }

  private func documentedOrders(
    _ entries: [EventPage.Entry], observedAt: Timestamp
  ) async throws(MarketplaceError) -> OrdersRead {
    var read = OrdersRead()
    for entry in entries {
      read.orders[entry.raw.id] = OrdersRead.Order(json: entry.raw.payload["order"], at: observedAt)
    }
    let sent = entries.map { $0.raw.payload["order"] }.filter(AllegroOrder.isSent)
    try await readShipments(of: Set(sent.compactMap { $0["id"].text }), into: &read)
    return read
  }

  private func orderMeaning(of entry: EventPage.Entry, read: OrdersRead) -> FeedItem.Meaning {
    if let problem = entry.problem { return .failed(problem) }
    guard let meaning = AllegroEventType.order(entry.raw.type) else {
      return .skipped("nothing here has a use for \(entry.raw.type)")
    }
    guard let formId = Self.formId(of: entry.raw.payload) else { return .failed("the event names no order") }
    guard let found = read.orders[connection.dialect == .live ? formId : entry.raw.id] else {
      return .skipped("order \(formId) is gone: merged into another, or older than a year")
    }
    do {
      var order = try AllegroOrder.read(
        found.json, shipments: read.shipments[formId] ?? .null, filter: filter)
      if order.status == .cancelled, order.cancelledAt == nil, meaning.change == "cancelled" {
        // A cancellation need not move `updatedAt`.
        order.cancelledAt = entry.raw.occurredAt
      }
      return .event(
        connection.event(
          id: connection.messageId(entry.raw.id), type: meaning.type, time: entry.raw.occurredAt,
          change: AllegroOrder.change(meaning.change, of: order), observedAt: found.at, .order(order)))
    } catch {
      return .failed(error.description)
    }
  }
}
