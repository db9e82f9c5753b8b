import JSON
package import Time

/// Webhooks as Shopify delivers them: every change of an order, a listing or its stock, to each subscription of its
/// topic, signed, with the order as it stood then.
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
    return webhooks
  }

  private func told(_ news: OfferNews, at moment: Timestamp) -> (topic: String, bodies: [JSON])? {
    switch news {
    case .stock(let place):
      return ("INVENTORY_LEVELS_UPDATE", ShopifyREST.levels(variant(place), at: moment))
    case .price(let place), .details(let place):
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
    "PRODUCTS_UPDATE": "products/update", "INVENTORY_LEVELS_UPDATE": "inventory_levels/update",
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
