package import JSON
import Time

extension Order {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("order")
    write(into: &writer)
  }

  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("number", number)
    writer.member("status", status.rawValue)
    writer.member("financialStatus", financialStatus)
    writer.member("fulfillmentStatus", fulfillmentStatus)
    if !eligible {
      writer.key("eligible")
      writer.bool(false)
    }
    writer.member("placedAt", placedAt)
    writer.member("updatedAt", updatedAt)
    if cancelledAt == nil {
      writer.key("cancelledAt")
      writer.null()
    } else {
      writer.member("cancelledAt", cancelledAt)
    }
    writer.member("currency", currency)
    writer.member("total", total)
    writer.member("tax", tax)
    writer.member("shipping", shipping)
    if let buyer {
      writer.key("buyer")
      buyer.write(into: &writer)
    }
    if !shippingAddress.isNull {
      writer.key("shippingAddress")
      writer.value(shippingAddress)
    }
    writer.key("tracking")
    writer.beginArray()
    for parcel in tracking { parcel.write(into: &writer) }
    writer.endArray()
    if let lines {
      writer.key("lines")
      writer.beginArray()
      for line in lines { line.write(into: &writer) }
      writer.endArray()
    }
    writer.endObject()
  }
}

extension OrderLine {
  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("listingId", listingId)
    writer.member("sku", sku)
    writer.member("title", title)
    writer.member("quantity", quantity)
    if restocked != 0 { writer.member("restocked", restocked) }
    writer.member("unitPrice", unitPrice)
    writer.endObject()
  }
}

extension Buyer {
  /// Appends it as the object that stands in an event and in `orders.buyer`.
  package func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("name", name)
    writer.member("email", email)
    writer.endObject()
  }
}

extension Tracking {
  /// Appends it as the object that stands in an event.
  package func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("carrier", carrier)
    writer.member("number", number)
    writer.member("url", url)
    writer.endObject()
  }
}
