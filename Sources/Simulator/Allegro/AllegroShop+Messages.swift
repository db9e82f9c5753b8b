import JSON
import Time

/// The discussions that buyers open, and the Message Center. A thread is named by the buyer's login.
extension AllegroShop {
  func issues(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request, largest: 100) else { return error(422, of: request, at: now) }
    let page: [JSON] = market.disputes.indices.reversed().dropFirst(slice.offset).prefix(slice.limit).map {
      place in
      let dispute = market.disputes[place]
      let order = market.orders[dispute.order]
      return [
        "id": .string("d15b0000-0000-4000-8000-\(String(100_000_000_000 + place))"), "type": "DISPUTE",
        "subject": ["name": "DAMAGED_PRODUCT"], "openedDate": .time(dispute.openedAt),
        "currentState": ["status": "DISPUTE_ONGOING"],
        "buyer": ["id": .string(order.buyer.id), "login": .string(order.buyer.login)],
        "checkoutForm": ["id": .string(externalId(of: order)), "createdAt": .time(order.placedAt)],
      ]
    }
    return reply(["issues": .array(page)], at: now)
  }

  mutating func send(_ request: Request, at now: Timestamp) -> Response {
    guard let body = try? JSON.parse(request.body), let login = body["recipient"]["login"].text,
      let text = body["text"].text, (1...2_000).contains(text.count)
    else { return error(422, of: request, at: now) }
    letters.append(Letter(buyer: login, text: text, sentAt: now))
    var answer = Self.message(letters[letters.count - 1], number: letters.count)
    answer["thread"] = ["id": .string(login)]
    return reply(answer, status: 201, at: now)
  }

  /// The thread written to last comes first.
  func threads(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request, largest: 20) else { return error(422, of: request, at: now) }
    var (seen, latest): (Set<String>, [Letter]) = ([], [])
    for letter in letters.reversed() where seen.insert(letter.buyer).inserted { latest.append(letter) }
    let page: [JSON] = latest.dropFirst(slice.offset).prefix(slice.limit).map { letter in
      [
        "id": .string(letter.buyer), "read": true, "lastMessageDateTime": .time(letter.sentAt),
        "interlocutor": ["login": .string(letter.buyer)],
      ]
    }
    return reply(
      ["threads": .array(page), "offset": .integer(slice.offset), "limit": .integer(slice.limit)], at: now)
  }

  func messages(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request, largest: 20) else { return error(422, of: request, at: now) }
    let after = request.query["after"].flatMap { Timestamp($0) } ?? .epoch
    let found = letters.enumerated().filter { $1.buyer == request.path[2] && $1.sentAt > after }.reversed()
    let page = found.dropFirst(slice.offset).prefix(slice.limit).map { Self.message($1, number: $0 + 1) }
    return reply(["messages": .array(page)], at: now)
  }

  private static func message(_ letter: Letter, number: Int) -> JSON {
    [
      "id": .string(String(number)), "status": "DELIVERED", "type": "MESSAGE_CENTER",
      "createdAt": .time(letter.sentAt), "author": ["login": "seller", "isInterlocutor": false],
      "text": .string(letter.text),
    ]
  }

  /// Offset and limit; nil when they are not allowed.
  private func slice(_ request: Request, largest: Int) -> (offset: Int, limit: Int)? {
    guard let limit = Int(request.query["limit"] ?? String(min(20, largest))), (1...largest).contains(limit),
      let offset = Int(request.query["offset"] ?? "0"), offset >= 0
    else { return nil }
    return (offset, limit)
  }

  private func reply(_ json: JSON, status: Int = 200, at now: Timestamp) -> Response {
    Response(status, headers: [Self.contentType], body: json.bytes, readAt: now)
  }
}
