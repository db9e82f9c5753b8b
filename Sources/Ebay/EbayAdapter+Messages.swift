import JSON
package import Marketplaces
import Time

/// eBay's Message API: a conversation with a user, in which a message can name the listing that it is about.
extension EbayAdapter {
  /// The order is read for the buyer's user name and what was bought.
  package func send(_ message: BuyerMessage) async throws(MarketplaceError) {
    let order = try await get("/sell/fulfillment/v1/order/" + PercentEncoding.segment(message.orderId)).json
    guard let buyer = order["buyer"]["username"].text, !buyer.isEmpty else {
      throw .malformed("order \(message.orderId) names no buyer")
    }
    let text = message.text(within: Self.longestMessage)
    if let since = message.mayHaveArrivedSince, try await isThere(text, for: buyer, since: since) { return }
    var body: JSON = [
      "otherPartyUsername": .string(buyer), "messageText": .string(text), "emailCopyToSender": false,
    ]
    if let listing = order["lineItems"][0]["legacyItemId"].text {
      body["reference"] = ["referenceId": .string(listing), "referenceType": "LISTING"]
    }
    _ = try await client.json(
      MarketplaceCall(
        .post, Self.messages + "/send_message",
        headers: [("accept", "application/json"), ("content-type", "application/json")], body: body.bytes))
  }

  /// Characters; a longer one would be refused.
  private static let longestMessage = 2_000
  private static let messages = "/commerce/message/v1"

  /// Whether we have written that to the buyer; the latest conversations and messages come first.
  private func isThere(
    _ text: String, for buyer: String, since moment: Timestamp
  ) async throws(MarketplaceError) -> Bool {
    let conversations = try await get(
      Self.messages + "/conversation",
      [("conversation_type", "FROM_MEMBERS"), ("other_party_username", buyer), ("limit", "50")])
    for conversation in conversations.json["conversations"].array {
      guard let id = conversation["conversationId"].text else { continue }
      let found = try await get(
        Self.messages + "/conversation/" + PercentEncoding.segment(id),
        [("conversation_type", "FROM_MEMBERS"), ("limit", "50")])
      let isThere = found.json["messages"].array.contains { message in
        message["messageBody"].text == text && message["recipientUsername"].text == buyer
          && (message["createdDate"].timestamp ?? moment) >= moment
      }
      if isThere { return true }
    }
    return false
  }
}
