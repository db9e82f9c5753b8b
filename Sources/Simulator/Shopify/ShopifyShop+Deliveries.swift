import JSON
package import Time

/// Webhooks as Shopify delivers them: every change of an order, a listing, its stock or a dispute, to each subscription
/// of its topic, signed, with the order as it stood then.
extension ShopifyShop {
  /// Subscribes to all topics at one address.
  package mutating func subscribeToAll(at url: String) {
    for topic in Self.topics.keys.sorted() {
      let field = GraphQLField(
        name: "", key: "",
        arguments: ["topic": .string(topic), "webhookSubscription": ["uri": .string(url)]])
      _ = subscribe(field)
    }
  }

  /// What has become visible since the last time.
  package mutating func webhooks(at now: Timestamp) -> [OutgoingWebhook] {
    let orders = market.orderEvents.page(after: toldOrders, limit: .max)
    let offers = market.offerEvents.page(after: toldOffers, limit: .max)
    let disputes = toldDisputes.news(of: market.disputes)
    (toldOrders, toldOffers) = (orders.last?.id ?? toldOrders, offers.last?.id ?? toldOffers)
    guard !subscriptions.isEmpty else { return [] }
    var webhooks: [OutgoingWebhook] = []
    for entry in orders {
      let news = entry.content
      var order = market.orders[news.order]
      order.versions.removeLast(order.versions.count - 1 - news.version)
      let body = ShopifyREST.order(self.order(order))
      for topic in news.milestone.shopifyTopics {
        webhooks += deliveries(of: topic, body, id: "o\(entry.id)", at: entry.occurredAt)
      }
    }
    for entry in offers {
      guard let (topic, bodies) = told(entry.content, at: entry.occurredAt) else { continue }
      for (number, body) in bodies.enumerated() {
        webhooks += deliveries(of: topic, body, id: "l\(entry.id)-\(number)", at: entry.occurredAt)
      }
    }
    for news in disputes { webhooks += deliveries(ofDispute: news.place, isAnswer: news.isAnswer) }
    return webhooks
  }

  private mutating func deliveries(ofDispute place: Int, isAnswer: Bool) -> [OutgoingWebhook] {
    let dispute = market.disputes[place]
    let webhooks = deliveries(
      of: isAnswer ? "DISPUTES_UPDATE" : "DISPUTES_CREATE", self.dispute(place, isAnswered: isAnswer),
      id: "d\(place)", at: (isAnswer ? dispute.answeredAt : nil) ?? dispute.openedAt)
    if !isAnswer, !webhooks.isEmpty { market.disputes[place].isTold = true }
    return webhooks
  }

  private func dispute(_ place: Int, isAnswered: Bool) -> JSON {
    let dispute = market.disputes[place]
    let order = market.orders[dispute.order]
    return [
      "id": .number(String(Self.firstDispute + place)), "order_id": .number(externalId(of: order)),
      "type": "chargeback", "amount": money(order.latest.total)["shopMoney"]["amount"],
      "currency": .string(currency), "reason": "product_unacceptable", "network_reason_code": "4853",
      "status": isAnswered ? "under_review" : "needs_response",
      "evidence_due_by": .time(dispute.openedAt + .seconds(7 * 86_400)),
      "evidence_sent_on": isAnswered ? .time(dispute.answeredAt) : nil, "finalized_on": nil,
      "initiated_at": .time(dispute.openedAt),
    ]
  }

  /// More than a `Double` holds exactly.
  private static let firstDispute = 285_332_461_850_000_000

  private func told(_ news: OfferNews, at moment: Timestamp) -> (topic: String, bodies: [JSON])? {
    switch news {
    case .stock(let place):
      guard !market.listings[place].isGone else { return nil }
      return ("INVENTORY_LEVELS_UPDATE", ShopifyREST.levels(variant(place), at: moment))
    case .price(let place), .details(let place):
      guard !market.listings[place].isGone else {
        return ("PRODUCTS_DELETE", [["id": .integer(market.listings[place].id + ShopifyNumber.product)]])
      }
      return ("PRODUCTS_UPDATE", [ShopifyREST.product(variant(place), at: moment)])
    case .soldOut, .backInStock, .stranger: return nil
    }
  }

  private func deliveries(of topic: String, _ json: JSON, id: String, at moment: Timestamp)
    -> [OutgoingWebhook]
  {
    let body = json.bytes
    let headers = [
      "Content-Type": "application/json", "X-Shopify-Topic": Self.topics[topic] ?? "",
      "X-Shopify-Hmac-Sha256": OutgoingWebhook.signature(of: body, key: webhookSecret),
      "X-Shopify-Shop-Domain": "simulated.myshopify.com", "X-Shopify-Event-Id": "\(topic)-\(id)",
      "X-Shopify-Webhook-Id": "\(topic)-\(id)", "X-Shopify-Triggered-At": moment.description,
      "X-Shopify-API-Version": "2026-04",
    ]
    return subscriptions.filter { $0.topic == topic }.map {
      OutgoingWebhook(id: "\(topic)-\(id)", url: $0.uri, headers: headers, body: body)
    }
  }

  /// The topics that the shop tells of, and how their header spells them.
  private static let topics = [
    "ORDERS_CREATE": "orders/create", "ORDERS_UPDATED": "orders/updated",
    "ORDERS_PAID": "orders/paid",
    "ORDERS_FULFILLED": "orders/fulfilled", "ORDERS_CANCELLED": "orders/cancelled",
    "PRODUCTS_UPDATE": "products/update", "PRODUCTS_DELETE": "products/delete",
    "INVENTORY_LEVELS_UPDATE": "inventory_levels/update",
    "DISPUTES_CREATE": "disputes/create", "DISPUTES_UPDATE": "disputes/update",
  ]
}

extension Milestone {
  /// Every change is an update, too.
  fileprivate var shopifyTopics: [String] {
    switch self {
    case .placed: ["ORDERS_CREATE"]
    case .paid: ["ORDERS_PAID", "ORDERS_UPDATED"]
    case .sent: ["ORDERS_FULFILLED", "ORDERS_UPDATED"]
    case .cancelledByBuyer, .cancelledAutomatically: ["ORDERS_CANCELLED", "ORDERS_UPDATED"]
    case .filledIn, .delivered, .returned, .edited, .merged: ["ORDERS_UPDATED"]
    }
  }
}
