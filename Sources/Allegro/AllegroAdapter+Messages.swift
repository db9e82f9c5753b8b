import JSON
package import Marketplaces
import Time

/// Allegro's Message Center: one thread per buyer, in which a message can name the order that it is about.
extension AllegroAdapter {
  /// The order is read for the buyer's login, which alone is an address here.
  package func send(_ message: BuyerMessage) async throws(MarketplaceError) {
    let form = try await get("/order/checkout-forms/" + PercentEncoding.segment(message.orderId)).json
    guard let login = form["buyer"]["login"].text, !login.isEmpty else {
      throw .malformed("order \(message.orderId) names no buyer")
    }
    let text = message.text(within: Self.longestMessage)
    if let since = message.mayHaveArrivedSince, try await isThere(text, for: login, since: since) { return }
    let body: JSON = [
      "recipient": ["login": .string(login)], "text": .string(text), "attachments": [],
      "order": ["id": .string(message.orderId)],
    ]
    _ = try await client.json(
      MarketplaceCall(
        .post, "/messaging/messages",
        headers: [("accept", Self.mediaType), ("content-type", Self.mediaType)],
        body: body.bytes))
  }

  /// Characters; a longer one would be refused.
  private static let longestMessage = 2_000
  /// The most that a page of threads or messages has.
  private static let page = 20

  /// Whether we have written that to the buyer. The list of threads begins with the one written to last.
  private func isThere(
    _ text: String, for login: String, since moment: Timestamp
  ) async throws(MarketplaceError) -> Bool {
    for number in 0... {
      let threads = try await get(
        "/messaging/threads", [("limit", String(Self.page)), ("offset", String(number * Self.page))]
      ).json["threads"].array
      if let thread = threads.first(where: { $0["interlocutor"]["login"].text == login })?["id"].text {
        return try await messages(of: thread, since: moment).contains { message in
          message["author"]["isInterlocutor"] == false && message["text"].text == text
        }
      }
      guard threads.count == Self.page,
        let oldest = threads.last?["lastMessageDateTime"].timestamp, oldest >= moment
      else { return false }
    }
    return false
  }

  private func messages(of thread: String, since moment: Timestamp) async throws(MarketplaceError) -> [JSON] {
    var found: [JSON] = []
    for number in 0... {
      let page = try await get(
        "/messaging/threads/\(PercentEncoding.segment(thread))/messages",
        [
          ("limit", String(Self.page)), ("offset", String(number * Self.page)), ("after", moment.description),
        ]
      ).json["messages"].array
      found += page
      if page.count < Self.page { break }
    }
    return found
  }
}
