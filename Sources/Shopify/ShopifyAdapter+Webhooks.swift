import JSON
package import Marketplaces

extension ShopifyAdapter {
  package func webhooks() async throws(MarketplaceError) -> [WebhookSubscription] {
    var found: [WebhookSubscription] = []
    var cursor: String?
    repeat {
      let (answer, _) = try await ask(.webhooks, size: 100, ["after": .text(cursor)])
      let page = answer.json["data"]["webhookSubscriptions"]
      guard case .array(let nodes) = page["nodes"] else {
        throw .malformed("a page of webhook subscriptions has no 'nodes'")
      }
      found += nodes.compactMap { node in
        guard let id = node["id"].text, let topic = node["topic"].text else { return nil }
        return WebhookSubscription(
          id: id, topic: ShopifyTopic.name(ofCode: topic), url: node["uri"].text ?? "")
      }
      cursor = page["pageInfo"]["hasNextPage"].bool == true ? page["pageInfo"]["endCursor"].text : nil
    } while cursor != nil
    return found
  }

  package func subscribe(to topic: String, url: String) async throws(MarketplaceError) {
    do {
      _ = try await change(
        .subscribe,
        [
          "topic": .string(ShopifyTopic.code(of: topic)),
          "subscription": ["uri": .string(url), "format": "JSON"],
        ])
    } catch .rejected(_, let text) where text.contains("has already been taken") {
      return
    }
  }

  package func unsubscribe(_ subscription: WebhookSubscription) async throws(MarketplaceError) {
    do {
      _ = try await change(.unsubscribe, ["id": .string(subscription.id)])
    } catch .rejected(_, let text) where text.contains("does not exist") {
      return
    }
  }
}

/// The topics of Shopify's webhooks, as their header writes them: `orders/create`.
enum ShopifyTopic {
  /// Those that are registered through the API. The privacy topics are a setting of the app itself.
  static let registered = [
    "orders/create", "orders/updated", "orders/paid", "orders/fulfilled", "orders/cancelled",
    "refunds/create",
    "products/create", "products/update", "products/delete", "inventory_levels/update", "disputes/create",
    "disputes/update", "app/uninstalled",
  ]

  /// As GraphQL writes it: `ORDERS_CREATE`.
  static func code(of topic: String) -> String {
    topic.uppercased().split(separator: "/").joined(separator: "_")
  }

  /// A code that is none of ours stays as it is.
  static func name(ofCode code: String) -> String {
    registered.first { Self.code(of: $0) == code } ?? code
  }
}
