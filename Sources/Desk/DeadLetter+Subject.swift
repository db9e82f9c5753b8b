package import Events
package import JSON
package import Time

/// What a dead letter is about, as far as its payload can be read: it need not be a whole event.
package struct LetterSubject: Sendable, Equatable {
  package var connectionID: String?
  /// The event's own time, by which its effect is filed.
  package var time: Timestamp?
  package var orderID: String?
  package var orderUpdatedAt: Timestamp?
  package var total: Money?
  package var currency: String?
  package var listingID: String?
  /// The moment of the stock that it tells.
  package var asOf: Timestamp?

  init(_ json: JSON) {
    let data = json["data"]
    let order = data["order"]
    let inventory = data["inventory"]
    connectionID = data["connectionId"].text
    time = json["time"].timestamp
    orderID = order["externalId"].text ?? data["dispute"]["orderId"].text
    orderUpdatedAt = order["updatedAt"].timestamp
    total = Money(order["total"])
    currency = order["currency"].text
    listingID = inventory["listingId"].text
    asOf = inventory["asOf"].timestamp
  }
}

extension DeadLetter {
  /// nil when the payload is no JSON.
  package var json: JSON? { try? JSON.parse(body) }

  package var subject: LetterSubject? { json.map { LetterSubject($0) } }
}
