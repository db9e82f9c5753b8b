import JSON
import Time

/// Orders as the events of the two dialects show them: as of a version, not as of now.
extension Market {
  func writeLiveOrder(_ place: Int, version: Int, into json: inout JSONWriter) {
    let order = orders[place]
    json.beginObject()
    json.key("seller")
    json.raw("{\"id\":\"44100200\"}")
    json.key("buyer")
    json.beginObject()
    json.key("id")
    json.string(order.buyer.id)
    json.key("email")
    json.string(order.buyer.email)
    json.key("login")
    json.string(order.buyer.login)
    json.key("guest")
    json.bool(false)
    json.key("preferences")
    json.raw("{\"language\":\"pl-PL\"}")
    json.endObject()
    json.key("lineItems")
    writeLineItems(order.versions[version], withOriginalPrice: true, into: &json)
    json.key("checkoutForm")
    json.beginObject()
    json.key("id")
    json.identifier(order.id)
    json.key("revision")
    json.string(order.revision(version))
    json.endObject()
    json.endObject()
  }

  func writeDocumentedOrder(_ place: Int, version: Int, into json: inout JSONWriter) {
    let order = orders[place]
    let version = order.versions[version]
    json.beginObject()
    json.key("id")
    json.identifier(order.id)
    json.key("number")
    json.string(String(order.number))
    json.key("status")
    json.string(version.documentedStatus)
    json.key("createdAt")
    json.timestamp(order.placedAt)
    json.key("updatedAt")
    json.timestamp(version.updatedAt)
    json.key("cancelledAt")
    json.timestampOrNull(version.cancelledAt)
    json.key("payment")
    json.beginObject()
    json.key("status")
    json.string(version.documentedPayment)
    json.endObject()
    json.key("fulfillment")
    json.beginObject()
    json.key("status")
    json.string(version.fulfillmentStatus)
    json.endObject()
    json.key("buyer")
    json.beginObject()
    json.key("id")
    json.string(order.buyer.id)
    json.key("login")
    json.string(order.buyer.login)
    json.key("email")
    json.string(order.buyer.email)
    json.key("firstName")
    json.string(order.buyer.firstName)
    json.key("lastName")
    json.string(order.buyer.lastName)
    json.endObject()
    json.key("delivery")
    writeDelivery(of: order.buyer, in: version, into: &json)
    json.key("lineItems")
    writeLineItems(version, withOriginalPrice: false, into: &json)
    json.key("summary")
    json.beginObject()
    json.key("totalToPay")
    json.money(version.total)
    json.endObject()
    json.endObject()
  }
}

extension OrderVersion {
  fileprivate var documentedStatus: String {
    switch stage {
    case .placed, .filledIn: "NEW"
    case .paid: "PAID"
    case .sent: "SENT"
    case .delivered: "FULFILLED"
    case .returned: "REFUNDED"
    case .cancelled: "CANCELLED"
    }
  }

  fileprivate var documentedPayment: String {
    if stage == .returned { return "REFUNDED" }
    if cancelledAt != nil { return paidAt == nil ? "VOIDED" : "REFUNDED" }
    return paidAt == nil ? "PENDING" : "PAID"
  }
}
