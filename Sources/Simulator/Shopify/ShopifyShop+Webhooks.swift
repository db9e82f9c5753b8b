import JSON

/// A webhook subscription of the shop.
struct ShopifySubscription: Sendable, Equatable {
  var number: Int
  /// As in `ORDERS_CREATE`.
  var topic: String
  var uri: String

  var id: JSON { ShopifyNumber.global("WebhookSubscription", number) }
  var json: JSON { ["id": id, "topic": .string(topic), "uri": .string(uri)] }
}

extension ShopifyShop {
  mutating func subscribe(_ field: GraphQLField) -> JSON {
    let subscription = field.arguments["webhookSubscription"] ?? nil
    guard let topic = field.arguments["topic"]?.text, let uri = subscription["uri"].text,
      uri.hasPrefix("http")
    else { return Self.refusal("webhookSubscription", "Address is invalid") }
    guard !subscriptions.contains(where: { $0.topic == topic && $0.uri == uri }) else {
      return Self.refusal("webhookSubscription", "Address for this topic has already been taken")
    }
    let made = ShopifySubscription(
      number: (subscriptions.last?.number ?? 900_000) + 1, topic: topic, uri: uri)
    subscriptions.append(made)
    return ["webhookSubscription": made.json, "userErrors": []]
  }

  mutating func unsubscribe(_ field: GraphQLField) -> JSON {
    guard let place = subscriptions.firstIndex(where: { $0.id == field.arguments["id"] }) else {
      return Self.refusal("id", "Webhook subscription does not exist")
    }
    let removed = subscriptions.remove(at: place)
    return ["deletedWebhookSubscriptionId": removed.id, "userErrors": []]
  }

  private static func refusal(_ field: String, _ message: String) -> JSON {
    [
      "webhookSubscription": nil, "deletedWebhookSubscriptionId": nil,
      "userErrors": [["field": [.string(field)], "message": .string(message)]],
    ]
  }
}
