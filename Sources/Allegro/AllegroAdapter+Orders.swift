import Events
import JSON
import Marketplaces
import Time

extension AllegroAdapter {
  /// A page of a window over `GET /order/checkout-forms`: first by the last change, then by the purchase, because a
  /// cancellation need not move `updatedAt`.
  func orders(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    guard let window = request.window else {
      throw .unsupported("Allegro's orders are read by windows of time")
    }
    let place = try FormPlace(request.cursor, in: window)
    let limit = min(max(request.limit, 1), 100)
    let answer = try await get("/order/checkout-forms", place.query(to: window.to, limit: limit))
    guard case .array(let forms) = answer.json["checkoutForms"] else {
      throw .malformed("a page of orders has no 'checkoutForms'")
    }
    var read = OrdersRead()
    try await readShipments(
      of: Set(forms.filter(AllegroOrder.isSent).compactMap { $0["id"].text }), into: &read)
    let items = forms.map { listedOrder($0, shipments: read.shipments, observedAt: answer.date) }
    let next = place.next(after: forms, limit: limit, window: window)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next == nil, observedAt: answer.date,
      calls: 1 + read.calls)
  }

  private func listedOrder(_ form: JSON, shipments: [String: JSON], observedAt: Timestamp) -> FeedItem {
    let formId = form["id"].text ?? ""
    let changed =
      form["updatedAt"].timestamp ?? form["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.max()
    func item(_ id: String, _ meaning: FeedItem.Meaning) -> FeedItem {
      let raw = RawEvent(id: id, type: "ORDER_LISTED", occurredAt: changed ?? observedAt, payload: form)
      return FeedItem(raw: raw, meaning: meaning)
    }
    do {
      let order = try AllegroOrder.read(form, shipments: shipments[formId] ?? .null, filter: filter)
      let messageId = EventID.listedOrder(
        platform: connection.platform.rawValue, connectionId: connection.key, order: order)
      let type: EventType = order.status == .cancelled ? .orderCancelled : .orderUpdated
      let event = connection.event(
        id: messageId, type: type, time: changed ?? observedAt, change: "listed", observedAt: observedAt,
        .order(order))
      return item(String(messageId.dropFirst(connection.messageId("").utf8.count)), .event(event))
    } catch {
      return item("order/\(formId)@\(changed?.description ?? "")", .failed(error.description))
    }
  }
}
