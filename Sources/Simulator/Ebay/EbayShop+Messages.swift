import JSON
import Time

/// What buyers complain of, and what they are written. A conversation is named by the buyer.
extension EbayShop {
  func disputes(_ request: Request, at now: Timestamp) -> Response {
    guard let limit = Int(request.query["limit"] ?? "200"), (1...200).contains(limit),
      let offset = Int(request.query["offset"] ?? "0"), offset >= 0,
      let from = Timestamp(request.query["open_date_from"] ?? "1970-01-01T00:00:00Z")
    else { return refusal(400, of: request, at: now) }
    let chosen = market.disputes.indices.filter { market.disputes[$0].openedAt >= from }
    let page: [JSON] = chosen.dropFirst(offset).prefix(limit).map { place in
      let dispute = market.disputes[place]
      let order = market.orders[dispute.order]
      return [
        "paymentDisputeId": .string(String(5_000_000_000 + place)), "paymentDisputeStatus": "ACTION_NEEDED",
        "openDate": .time(dispute.openedAt), "reason": "ITEM_NOT_RECEIVED",
        "orderId": .string(externalId(of: order)), "buyerUsername": .string(order.buyer.login),
      ]
    }
    return reply(["total": .integer(chosen.count), "paymentDisputeSummaries": .array(page)], at: now)
  }

  mutating func send(_ request: Request, at now: Timestamp) -> Response {
    guard let body = try? JSON.parse(request.body), let buyer = body["otherPartyUsername"].text,
      let text = body["messageText"].text, (1...2_000).contains(text.count)
    else { return refusal(400, of: request, at: now) }
    letters.append(Letter(buyer: buyer, text: text, sentAt: now))
    return reply(["messageId": .string(String(letters.count)), "messageBody": .string(text)], at: now)
  }

  func conversations(_ request: Request, at now: Timestamp) -> Response {
    guard request.query["conversation_type"] == "FROM_MEMBERS" else {
      return refusal(400, of: request, at: now)
    }
    let buyer = request.query["other_party_username"]
    let names = Set(letters.map(\.buyer)).filter { buyer == nil || $0 == buyer }.sorted()
    return reply(
      [
        "total": .integer(names.count),
        "conversations": .array(names.map { ["conversationId": .string($0)] }),
      ], at: now)
  }

  func conversation(with buyer: String, at now: Timestamp) -> Response {
    let messages: [JSON] = letters.filter { $0.buyer == buyer }.reversed().prefix(50).map { letter in
      [
        "messageBody": .string(letter.text), "recipientUsername": .string(letter.buyer),
        "createdDate": .time(letter.sentAt),
      ]
    }
    return reply(["messages": .array(messages)], at: now)
  }
}
