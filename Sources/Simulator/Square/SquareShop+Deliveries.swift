import JSON
package import Time

/// Webhooks as Square delivers them: they name what changed, and are signed together with the address.
extension SquareShop {
  package mutating func subscribeToAll(at url: String) { webhookURL = url }

  /// What has become visible since the last time.
  package mutating func webhooks(at now: Timestamp) -> [OutgoingWebhook] {
    let orders = market.orderEvents.page(after: toldOrders, limit: .max)
    let offers = market.offerEvents.page(after: toldOffers, limit: .max)
    let disputes = toldDisputes.news(of: market.disputes)
    (toldOrders, toldOffers) = (orders.last?.id ?? toldOrders, offers.last?.id ?? toldOffers)
    guard let url = webhookURL else { return [] }
    for news in disputes where !news.isAnswer { market.disputes[news.place].isTold = true }
    return orders.map { delivery($0.content, id: $0.id, at: $0.occurredAt, to: url) }
      + offers.compactMap { delivery($0.content, id: $0.id, at: $0.occurredAt, to: url) }
      + disputes.map { delivery(ofDispute: $0.place, isAnswer: $0.isAnswer, to: url) }
  }

  private func delivery(ofDispute place: Int, isAnswer: Bool, to url: String) -> OutgoingWebhook {
    let dispute = market.disputes[place]
    return delivery(
      isAnswer ? "dispute.state.updated" : "dispute.created", id: "d\(place)",
      at: (isAnswer ? dispute.answeredAt : nil) ?? dispute.openedAt,
      data: [
        "type": "dispute", "id": .string("DSP-\(place + 1)"), "object": ["dispute": self.dispute(place)],
      ], to: url)
  }

  private func delivery(
    _ news: OrderNews, id: Int64, at moment: Timestamp, to url: String
  ) -> OutgoingWebhook {
    let isNew = news.milestone == .placed
    let order = JSON.string(externalId(of: market.orders[news.order]))
    let body: JSON = [
      "order_id": order, "version": .integer(news.version + 1),
      "location_id": .string(Self.places[0]),
      "updated_at": .time(moment),
    ]
    let name = isNew ? "order_created" : "order_updated"
    return delivery(
      isNew ? "order.created" : "order.updated", id: "o\(id)", at: moment,
      data: ["type": .string(name), "id": order, "object": .object([name: body])], to: url)
  }

  private func delivery(
    _ news: OfferNews, id: Int64, at moment: Timestamp, to url: String
  ) -> OutgoingWebhook? {
    switch news {
    case .stock(let place):
      return delivery(
        "inventory.count.updated", id: "l\(id)", at: moment,
        data: [
          "type": "inventory_counts", "object": ["inventory_counts": .array(counts(of: place))],
        ], to: url)
    case .price, .details:
      return delivery(
        "catalog.version.updated", id: "l\(id)", at: moment,
        data: [
          "type": "catalog_version", "object": ["catalog_version": ["updated_at": .time(moment)]],
        ], to: url)
    case .soldOut, .backInStock, .stranger: return nil
    }
  }

  private func delivery(
    _ type: String, id: String, at moment: Timestamp, data: JSON, to url: String
  ) -> OutgoingWebhook {
    let json: JSON = [
      "merchant_id": "SIMULATED", "type": .string(type), "event_id": .string("\(type)-\(id)"),
      "created_at": .time(moment), "data": data,
    ]
    let body = json.bytes
    return OutgoingWebhook(
      id: "\(type)-\(id)", url: url,
      headers: [
        "Content-Type": "application/json",
        "x-square-hmacsha256-signature": OutgoingWebhook.signature(
          of: Array(url.utf8) + body, key: signatureKey),
      ], body: body)
  }
}
