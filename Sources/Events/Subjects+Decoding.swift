import JSON
import Time

/// An inventory whose moment may still have to come from the event.
struct InventoryDraft {
  private var listingId: String?
  private var sku: String?
  private var locationId: String?
  private var quantity: Int?
  private var asOf: Timestamp?

  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.inventory") else { return nil }
    while let key = try reader.key() {
      switch key {
      case "listingId": listingId = try reader.identifier("inventory.listingId")
      case "sku": sku = try reader.identifier("inventory.sku")
      case "locationId": locationId = try reader.identifier("inventory.locationId")
      case "quantity": quantity = try reader.quantity("inventory.quantity")
      case "asOf": asOf = try reader.timestamp("inventory.asOf")
      default: try reader.skip()
      }
    }
    if listingId == nil && sku == nil { throw EventError("inventory has neither a listingId nor a sku") }
  }

  func inventory(at time: Timestamp) -> Inventory {
    Inventory(listingId: listingId, sku: sku, locationId: locationId, quantity: quantity, asOf: asOf ?? time)
  }
}

extension Offer {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.offer") else { return nil }
    self.init(externalId: "")
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("offer.externalId") ?? ""
      case "sku": sku = try reader.identifier("offer.sku")
      case "title": title = try reader.text("offer.title")
      case "status": status = try reader.text("offer.status")
      case "price": price = try reader.money("offer.price")
      case "currency": currency = try reader.text("offer.currency")
      case "updatedAt": updatedAt = try reader.timestamp("offer.updatedAt")
      default: try reader.skip()
      }
    }
    if externalId.isEmpty { throw EventError("offer.externalId is missing or empty") }
  }
}

extension Product {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.product") else { return nil }
    self.init(externalId: "")
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("product.externalId") ?? ""
      case "title": title = try reader.text("product.title")
      case "description": description = try reader.text("product.description")
      case "status": status = try reader.text("product.status")
      case "updatedAt": updatedAt = try reader.timestamp("product.updatedAt")
      case "tags": tags = try Self.tags(from: &reader)
      case "variants": variants = try Self.variants(from: &reader)
      default: try reader.skip()
      }
    }
    if externalId.isEmpty { throw EventError("product.externalId is missing or empty") }
  }

  private static func tags(from reader: inout EventReader) throws(EventError) -> [String]? {
    guard try reader.array("product.tags") else { return nil }
    var tags: [String] = []
    while try reader.element() {
      if let tag = try reader.text("product.tags") { tags.append(tag) }
    }
    return tags
  }

  private static func variants(from reader: inout EventReader) throws(EventError) -> [Variant]? {
    guard try reader.array("product.variants") else { return nil }
    var variants: [Variant] = []
    while try reader.element() {
      do {
        variants.append(try Variant(from: &reader))
      } catch {
        throw EventError(in: "variant \(variants.count + 1)", error)
      }
    }
    return variants
  }
}

extension Product.Variant {
  init(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("the variant") else { throw EventError("null is not an object") }
    self.init(externalId: "")
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("externalId") ?? ""
      case "sku": sku = try reader.identifier("sku")
      case "barcode": barcode = try reader.text("barcode")
      case "price": price = try reader.money("price")
      case "currency": currency = try reader.text("currency")
      default: try reader.skip()
      }
    }
    if externalId.isEmpty { throw EventError("externalId is missing or empty") }
  }
}

extension Stock {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.stock") else { return nil }
    var (onHand, listedStock): (Int?, Int?)
    self.init(variationId: nil, sku: nil, marketplaceId: nil, onHand: 0, listedStock: 0)
    while let key = try reader.key() {
      switch key {
      case "variationId": variationId = try reader.integer("stock.variationId")
      case "sku": sku = try reader.identifier("stock.sku")
      case "marketplaceId": marketplaceId = try reader.quantity("stock.marketplaceId")
      case "onHand": onHand = try reader.integer("stock.onHand").map { Int($0) }
      case "listedStock": listedStock = try reader.integer("stock.listedStock").map { Int($0) }
      case "cause": cause = try reader.text("stock.cause")
      default: try reader.skip()
      }
    }
    if variationId == nil && sku == nil { throw EventError("stock has neither a variationId nor a sku") }
    guard let onHand else { throw EventError("stock.onHand is missing") }
    self.onHand = onHand
    self.listedStock = listedStock ?? max(0, onHand)
  }
}

extension Topup {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.topup") else { return nil }
    var quantity: Int?
    self.init(sku: nil, quantity: 0)
    while let key = try reader.key() {
      switch key {
      case "sku": sku = try reader.identifier("topup.sku")
      case "variationId": variationId = try reader.integer("topup.variationId")
      case "quantity": quantity = try reader.quantity("topup.quantity")
      case "adminId": adminId = try reader.text("topup.adminId")
      case "notes": notes = try reader.text("topup.notes")
      default: try reader.skip()
      }
    }
    if variationId == nil && sku == nil { throw EventError("topup has neither a variationId nor a sku") }
    guard let quantity else { throw EventError("topup.quantity is missing") }
    self.quantity = quantity
  }
}

extension Dispute {
  /// Nil for null.
  init?(from reader: inout EventReader) throws(EventError) {
    guard try reader.object("data.dispute") else { return nil }
    self.init(externalId: "", orderId: "")
    while let key = try reader.key() {
      switch key {
      case "externalId": externalId = try reader.identifier("dispute.externalId") ?? ""
      case "orderId": orderId = try reader.identifier("dispute.orderId") ?? ""
      case "reason": reason = try reader.text("dispute.reason")
      case "openedAt": openedAt = try reader.timestamp("dispute.openedAt")
      default: try reader.skip()
      }
    }
    if externalId.isEmpty { throw EventError("dispute.externalId is missing or empty") }
    if orderId.isEmpty { throw EventError("dispute.orderId is missing or empty") }
  }
}
