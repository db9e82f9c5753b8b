import JSON
import Time

extension Inventory {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("inventory")
    writer.beginObject()
    writer.member("listingId", listingId)
    writer.member("sku", sku)
    writer.member("locationId", locationId)
    writer.key("quantity")
    if let quantity { writer.integer(quantity) } else { writer.null() }
    writer.member("asOf", asOf)
    writer.endObject()
  }
}

extension Product {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("product")
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("title", title)
    writer.member("description", description)
    writer.member("status", status)
    writer.member("updatedAt", updatedAt)
    if let tags {
      writer.key("tags")
      writer.beginArray()
      for tag in tags { writer.string(tag) }
      writer.endArray()
    }
    if let variants {
      writer.key("variants")
      writer.beginArray()
      for variant in variants { variant.write(into: &writer) }
      writer.endArray()
    }
    writer.endObject()
  }
}

extension Product.Variant {
  func write(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("sku", sku)
    writer.member("barcode", barcode)
    writer.member("price", price)
    writer.member("currency", currency)
    writer.endObject()
  }
}

extension Offer {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("offer")
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("sku", sku)
    writer.member("title", title)
    writer.member("status", status)
    writer.member("price", price)
    writer.member("currency", currency)
    writer.member("updatedAt", updatedAt)
    writer.endObject()
  }
}

extension Stock {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("stock")
    writer.beginObject()
    writer.member("variationId", variationId)
    writer.member("sku", sku)
    writer.member("marketplaceId", marketplaceId)
    writer.member("onHand", onHand)
    writer.member("listedStock", listedStock)
    writer.member("cause", cause)
    writer.endObject()
  }
}

extension Topup {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("topup")
    writer.beginObject()
    writer.member("sku", sku)
    writer.member("variationId", variationId)
    writer.member("quantity", quantity)
    writer.member("adminId", adminId)
    writer.member("notes", notes)
    writer.endObject()
  }
}

extension Dispute {
  func writeMember(into writer: inout JSONWriter) {
    writer.key("dispute")
    writer.beginObject()
    writer.member("externalId", externalId)
    writer.member("orderId", orderId)
    writer.member("reason", reason)
    writer.member("openedAt", openedAt)
    writer.endObject()
  }
}
