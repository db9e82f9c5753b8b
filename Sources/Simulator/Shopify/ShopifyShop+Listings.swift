import JSON
import Time

/// Products, variants and their stock.
extension ShopifyShop {
  func products(_ field: GraphQLField) throws(GraphQLProblem) -> JSON {
    let range = try ShopifySearch.range(field.arguments["query"]?.text ?? "")
    let entries = market.listings.indices
      .filter { !market.listings[$0].isGone }
      .map { (at: market.listings[$0].updatedAt, place: $0) }
      .filter { $0.at.isWithin(range.from, range.to) }
    let page = ShopifySearch.page(entries, of: field)
    return ["nodes": .array(page.places.map(product)), "pageInfo": page.info]
  }

  /// By id.
  func variants(_ field: GraphQLField) throws(GraphQLProblem) -> JSON {
    let isWanted = try ShopifySearch.variants(field.arguments["query"]?.text)
    let after = field.arguments["after"]?.integer ?? 0
    let first = Int(clamping: max(0, field.arguments["first"]?.integer ?? 0))
    let rest = market.listings.indices
      .filter {
        market.listings[$0].id > after && !market.listings[$0].isGone && isWanted(market.listings[$0])
      }
      .sorted { market.listings[$0].id < market.listings[$1].id }
    let page = rest.prefix(first)
    return [
      "nodes": .array(page.map(variant)),
      "pageInfo": [
        "hasNextPage": .bool(rest.count > page.count),
        "endCursor": page.last.map { .string(String(market.listings[$0].id)) } ?? nil,
      ],
    ]
  }

  func variant(_ place: Int) -> JSON {
    let listing = market.listings[place]
    return [
      "id": ShopifyNumber.global("ProductVariant", listing.id), "sku": .string(listing.sku),
      "title": "Default Title", "price": money(listing.price)["shopMoney"]["amount"],
      "inventoryQuantity": .integer(listing.stock),
      "product": [
        "id": ShopifyNumber.global("Product", listing.id + ShopifyNumber.product),
        "title": .string(listing.title), "descriptionHtml": .string(listing.description),
        "status": listing.isActive ? "ACTIVE" : "DRAFT", "variantsCount": ["count": 1],
      ],
      "inventoryItem": [
        "id": ShopifyNumber.global("InventoryItem", listing.id + ShopifyNumber.item), "tracked": true,
        "inventoryLevels": ["nodes": .array(Self.levels(of: listing.stock).map(level))],
      ],
    ]
  }

  /// The stock lies at two locations, a third of it at the second.
  private static func levels(of stock: Int) -> [(location: Int64, available: Int)] {
    [(7_300_000_001, stock - stock / 3), (7_300_000_002, stock / 3)]
  }

  private func level(_ location: Int64, _ available: Int) -> JSON {
    [
      "location": ["id": ShopifyNumber.global("Location", location)],
      "quantities": [["name": "available", "quantity": .integer(available)]],
    ]
  }

  // MARK: Stock

  mutating func setQuantities(_ field: GraphQLField, at now: Timestamp) -> JSON {
    guard let key = field.directives["idempotent"]?["key"]?.text, !key.isEmpty else {
      return Self.refusal("IDEMPOTENCY_KEY_MISSING", "The directive @idempotent is required")
    }
    if let done = doneByKey[key] { return done }
    let input = field.arguments["input"] ?? nil
    guard input["name"].text == "available", !input["quantities"].array.isEmpty else {
      return Self.refusal("INVALID_NAME", "The name must be available")
    }
    var wanted: [Int: Int] = [:]
    for change in input["quantities"].array {
      guard let place = item(change["inventoryItemId"]), let quantity = change["quantity"].integer,
        (0...1_000_000_000).contains(quantity)
      else { return Self.refusal("INVALID_INVENTORY_ITEM", "The item or its quantity is not valid") }
      let stock = market.listings[place].stock
      let level = Self.levels(of: stock).first {
        ShopifyNumber.global("Location", $0.location) == change["locationId"]
      }
      guard let level else { return Self.refusal("INVALID_LOCATION", "The location is not valid") }
      guard change["changeFromQuantity"].integer == Int64(level.available) else {
        return Self.refusal(
          "CHANGE_FROM_QUANTITY_STALE", "The quantity is \(level.available), not the one that was expected")
      }
      wanted[place] = (wanted[place] ?? stock) - level.available + Int(quantity)
    }
    for (place, quantity) in wanted.sorted(by: { $0.key < $1.key }) {
      market.setStock(of: place, to: quantity, at: now)
    }
    let done: JSON = ["userErrors": [], "inventoryAdjustmentGroup": ["reason": input["reason"]]]
    doneByKey[key] = done
    return done
  }

  private func item(_ id: JSON) -> Int? {
    id.text?.split(separator: "/").last.flatMap { listing(String($0), offset: ShopifyNumber.item) }
  }

  private static func refusal(_ code: String, _ message: String) -> JSON {
    [
      "inventoryAdjustmentGroup": nil,
      "userErrors": [["code": .string(code), "field": ["input"], "message": .string(message)]],
    ]
  }
}
