import JSON
import Time

/// Orders as Allegro's checkout forms.
extension Market {
  func writeCheckoutForm(_ place: Int, into json: inout JSONWriter) {
    let order = orders[place]
    let version = order.latest
    json.beginObject()
    json.key("id")
    json.identifier(order.id)
    json.key("messageToSeller")
    json.null()
    json.key("buyer")
    writeBuyer(order.buyer, into: &json)
    json.key("payment")
    writePayment(of: order, into: &json)
    json.key("status")
    json.string(version.formStatus)
    json.key("fulfillment")
    json.beginObject()
    json.key("status")
    json.string(version.fulfillmentStatus)
    json.key("shipmentSummary")
    json.beginObject()
    json.key("lineItemsSent")
    json.string(version.sentAt == nil ? "NONE" : "ALL")
    json.endObject()
    json.endObject()
    json.key("delivery")
    writeDelivery(of: order.buyer, in: version, into: &json)
    json.key("invoice")
    json.raw("{\"required\":false}")
    json.key("lineItems")
    writeLineItems(version, withOriginalPrice: true, into: &json)
    json.key("surcharges")
    json.raw("[]")
    json.key("discounts")
    json.raw("[]")
    json.key("note")
    json.null()
    json.key("marketplace")
    json.raw("{\"id\":\"allegro-pl\"}")
    json.key("summary")
    json.beginObject()
    json.key("totalToPay")
    json.money(version.total)
    json.endObject()
    json.key("updatedAt")
    json.timestamp(version.updatedAt)
    json.key("revision")
    json.string(order.revision(order.versions.count - 1))
    json.endObject()
  }

  func writeShipments(_ place: Int, into json: inout JSONWriter) {
    let order = orders[place]
    json.beginObject()
    json.key("shipments")
    json.beginArray()
    if let sentAt = order.latest.sentAt {
      let waybill = "6200000\(order.number)"
      json.beginObject()
      json.key("id")
      json.string(Base64.encode("INPOST:\(waybill)"))
      json.key("waybill")
      json.string(waybill)
      json.key("carrierId")
      json.string("INPOST")
      json.key("carrierName")
      json.string("InPost")
      json.key("trackingUrl")
      json.string("https://inpost.example/track/\(waybill)")
      json.key("lineItems")
      json.beginArray()
      for line in order.latest.lines {
        json.beginObject()
        json.key("id")
        json.identifier(line.id)
        json.endObject()
      }
      json.endArray()
      json.key("createdAt")
      json.timestamp(sentAt)
      json.endObject()
    }
    json.endArray()
    json.endObject()
  }

  private func writeBuyer(_ buyer: Buyer, into json: inout JSONWriter) {
    json.beginObject()
    json.key("id")
    json.string(buyer.id)
    json.key("email")
    json.string(buyer.email)
    json.key("login")
    json.string(buyer.login)
    json.key("firstName")
    json.string(buyer.firstName)
    json.key("lastName")
    json.string(buyer.lastName)
    json.key("companyName")
    json.null()
    json.key("guest")
    json.bool(false)
    json.key("phoneNumber")
    json.string(buyer.phone)
    json.key("preferences")
    json.raw("{\"language\":\"pl-PL\"}")
    json.key("address")
    json.beginObject()
    json.key("street")
    json.string(buyer.street)
    json.key("city")
    json.string(buyer.city)
    json.key("postCode")
    json.string(buyer.postCode)
    json.key("countryCode")
    json.string("PL")
    json.endObject()
    json.endObject()
  }

  private func writePayment(of order: Order, into json: inout JSONWriter) {
    let version = order.latest
    json.beginObject()
    json.key("id")
    json.identifier(order.paymentId)
    json.key("type")
    json.string("ONLINE")
    json.key("provider")
    json.string("P24")
    json.key("finishedAt")
    json.timestampOrNull(version.paidAt)
    json.key("paidAmount")
    if version.paidAt == nil { json.null() } else { json.money(version.total) }
    json.endObject()
  }

  /// Null until the buyer has said where it goes.
  func writeDelivery(of buyer: Buyer, in version: OrderVersion, into json: inout JSONWriter) {
    guard version.isFilledIn else {
      json.null()
      return
    }
    json.beginObject()
    json.key("address")
    json.beginObject()
    json.key("firstName")
    json.string(buyer.firstName)
    json.key("lastName")
    json.string(buyer.lastName)
    json.key("street")
    json.string(buyer.street)
    json.key("city")
    json.string(buyer.city)
    json.key("zipCode")
    json.string(buyer.postCode)
    json.key("countryCode")
    json.string("PL")
    json.key("phoneNumber")
    json.string(buyer.phone)
    json.endObject()
    json.key("method")
    json.raw("{\"id\":\"1fa56f79-4b6a-4821-a6f2-ca9c16d5c925\",\"name\":\"Allegro Paczkomaty InPost\"}")
    json.key("cost")
    json.money(OrderVersion.deliveryPrice)
    json.key("smart")
    json.bool(false)
    json.endObject()
  }

  func writeLineItems(_ version: OrderVersion, withOriginalPrice: Bool, into json: inout JSONWriter) {
    json.beginArray()
    for line in version.lines {
      let listing = listings[line.listing]
      json.beginObject()
      json.key("id")
      json.identifier(line.id)
      json.key("offer")
      json.beginObject()
      json.key("id")
      json.string(String(listing.id))
      json.key("name")
      json.string(listing.title)
      json.key("external")
      json.externalId(listing.sku)
      json.endObject()
      json.key("quantity")
      json.integer(line.quantity)
      if withOriginalPrice {
        json.key("originalPrice")
        json.money(line.price)
      }
      json.key("price")
      json.money(line.price)
      json.key("boughtAt")
      json.timestamp(line.boughtAt)
      json.endObject()
    }
    json.endArray()
  }
}

extension Order {
  /// Eight hexadecimal digits that no other version of the order has.
  func revision(_ version: Int) -> String {
    let mixed = UInt32(truncatingIfNeeded: id.low) ^ UInt32(truncatingIfNeeded: version) &* 0x9E37_79B1
    let digits = String(mixed, radix: 16)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }
}

extension OrderVersion {
  var formStatus: String {
    if cancelledAt != nil { return "CANCELLED" }
    if paidAt != nil { return "READY_FOR_PROCESSING" }
    return isFilledIn ? "FILLED_IN" : "BOUGHT"
  }

  var fulfillmentStatus: String {
    switch stage {
    case .placed, .filledIn, .paid: "NEW"
    case .sent: "SENT"
    case .delivered: "PICKED_UP"
    case .returned: "RETURNED"
    case .cancelled: "CANCELLED"
    }
  }
}
