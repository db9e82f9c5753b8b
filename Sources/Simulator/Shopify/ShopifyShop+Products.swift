import JSON
import Time

/// Products that are created, changed and deleted through the API; each has one variant.
extension ShopifyShop {
  /// `productSet`: the product of that handle, made where there is none.
  mutating func setProduct(_ field: GraphQLField, at now: Timestamp) -> JSON {
    let input = field.arguments["input"] ?? nil
    let variants = input["variants"].array
    guard let handle = field.arguments["identifier"]?["handle"].text, !handle.isEmpty,
      handle.allSatisfy({ $0.isASCII && ($0.isLowercase || $0.isNumber || $0 == "-") })
    else { return Self.productRefusal("identifier", "Handle is invalid") }
    guard let title = input["title"].text, !title.isEmpty else {
      return Self.productRefusal("title", "Title can't be blank")
    }
    guard variants.count == 1, let variant = variants.first, let sku = variant["sku"].text,
      variant["optionValues"][0]["name"] == "Default Title", !input["productOptions"].array.isEmpty
    else { return Self.productRefusal("variants", "Variants must have an option value for each option") }
    let known = handles[handle].flatMap { market.listings[$0].isGone ? nil : $0 }
    let place = known ?? market.list(sku: sku, title: title, at: now)
    handles[handle] = place
    guard change(place, product: input, variant: variant, at: now) else {
      return Self.productRefusal("variants", "Price is invalid")
    }
    return ["product": product(place), "userErrors": []]
  }

  mutating func updateProduct(_ field: GraphQLField, at now: Timestamp) -> JSON {
    let input = field.arguments["product"] ?? nil
    guard let place = place(ofProduct: input["id"]) else { return Self.noProduct }
    guard input["title"].isNull || input["title"].text?.isEmpty == false else {
      return Self.productRefusal("title", "Title can't be blank")
    }
    _ = change(place, product: input, variant: nil, at: now)
    return ["product": product(place), "userErrors": []]
  }

  mutating func updateVariants(_ field: GraphQLField, at now: Timestamp) -> JSON {
    let variants = field.arguments["variants"]?.array ?? []
    guard let place = place(ofProduct: field.arguments["productId"] ?? nil) else { return Self.noProduct }
    guard variants.count == 1, let variant = variants.first,
      variant["id"] == ShopifyNumber.global("ProductVariant", market.listings[place].id)
    else { return Self.productRefusal("variants", "Product variant does not exist") }
    guard change(place, product: nil, variant: variant, at: now) else {
      return Self.productRefusal("variants", "Price is invalid")
    }
    return ["product": product(place), "userErrors": []]
  }

  mutating func deleteProduct(_ field: GraphQLField, at now: Timestamp) -> JSON {
    guard let place = place(ofProduct: field.arguments["input"]?["id"] ?? nil) else { return Self.noProduct }
    market.withdraw(place, at: now)
    return ["deletedProductId": product(place)["id"], "userErrors": []]
  }

  func product(_ place: Int) -> JSON {
    let listing = market.listings[place]
    return [
      "id": ShopifyNumber.global("Product", listing.id + ShopifyNumber.product),
      "title": .string(listing.title),
      "descriptionHtml": .string(listing.description), "status": listing.isActive ? "ACTIVE" : "DRAFT",
      "updatedAt": .time(listing.updatedAt), "variantsCount": ["count": 1],
      "variants": ["nodes": [variant(place)]],
    ]
  }

  /// False, with nothing done, when something can't be.
  private mutating func change(_ place: Int, product: JSON, variant: JSON, at now: Timestamp) -> Bool {
    var price: Int?
    if let text = variant["price"].text {
      guard let amount = Double(text), amount >= 0, amount < 1e9 else { return false }
      price = Int((amount * 100).rounded())
    }
    market.change(place, at: now) { listing in
      if let price { listing.price = price }
      if let title = product["title"].text { listing.title = title }
      if let description = product["descriptionHtml"].text { listing.description = description }
      if let status = product["status"].text { listing.isActive = status == "ACTIVE" }
    }
    return true
  }

  private func place(ofProduct id: JSON) -> Int? {
    let parts = id.text?.split(separator: "/") ?? []
    guard parts.count == 4, parts[2] == "Product" else { return nil }
    return listing(String(parts[3]), offset: ShopifyNumber.product)
  }

  private static let noProduct = productRefusal("id", "Product does not exist")

  private static func productRefusal(_ field: String, _ message: String) -> JSON {
    [
      "product": nil, "deletedProductId": nil,
      "userErrors": [["code": "INVALID_INPUT", "field": [.string(field)], "message": .string(message)]],
    ]
  }
}
