import Crypto
import Events
import JSON
package import Marketplaces

/// Products that are put on sale from elsewhere: each SKU is an item with one variation.
extension SquareAdapter {
  /// A creation whose answer was lost is found again by its SKU; by its key while Square's search does not know the SKU
  /// yet. Under a key Square repeats its first answer: also that about an item that was deleted since, which is then made
  /// anew under a key of its own.
  package func create(_ product: ProductDraft) async throws(MarketplaceError) -> String {
    if let listing = try await listing(ofSKU: product.sku) {
      try await update(listing: listing, to: product)
      return listing
    }
    let item = try SquareItem.creation(of: product, currency: try await currency())
    var key = SquareItem.key(of: item)
    while true {
      let listing = try await create(item, key: key, sku: product.sku)
      guard try await retrieve(listing)?["is_deleted"].bool == true else { return listing }
      key = SquareItem.key(of: ["item": item, "after": .string(listing)])
    }
  }

  /// What is written replaces the whole item, so it is read before; its version says whether it changed in between.
  package func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError) {
    guard var item = try await item(ofVariation: listingId) else { throw .notFound("listing \(listingId)") }
    let currency = product.price == nil ? nil : try await currency()
    try item.change(listingId, to: product, currency: currency)
    do {
      _ = try await upsert(item.json, key: SquareItem.key(of: item.json))
    } catch .rejected(_, let text) where text.contains("VERSION_MISMATCH") {
      throw .conflict("item \(item.id) has changed since it was read")
    }
  }

  package func delete(listing listingId: String) async throws(MarketplaceError) {
    guard let item = try await item(ofVariation: listingId) else { return }
    let gone = item.isAlone ? item.id : listingId
    do {
      _ = try await client.json(
        MarketplaceCall(
          .delete, "/v2/catalog/object/" + PercentEncoding.segment(gone),
          headers: [("square-version", Self.apiVersion)]))
    } catch .notFound {
      return
    }
  }

  private func create(_ item: JSON, key: String, sku: String) async throws(MarketplaceError) -> String {
    let made = try await upsert(item, key: key)["item_data"]["variations"][0]["id"].text
    guard let made, !made.isEmpty else {
      throw .malformed("the item that was created for \(sku) has no variation")
    }
    return made
  }

  private func upsert(_ object: JSON, key: String) async throws(MarketplaceError) -> JSON {
    try await post("/v2/catalog/object", ["idempotency_key": .string(key), "object": object])
      .json["catalog_object"]
  }

  private func listing(ofSKU sku: String) async throws(MarketplaceError) -> String? {
    let found = try await post(
      "/v2/catalog/search",
      [
        "object_types": ["ITEM_VARIATION"],
        "query": ["exact_query": ["attribute_name": "sku", "attribute_value": .string(sku)]],
      ])
    let variations = found.json["objects"].array
    return variations.first { $0["item_variation_data"]["sku"].text == sku }?["id"].text
  }

  /// An object of the catalogue, deleted or not; nil where there is none.
  private func retrieve(_ id: String) async throws(MarketplaceError) -> JSON? {
    try await post(
      "/v2/catalog/batch-retrieve", ["object_ids": [.string(id)], "include_deleted_objects": true]
    ).json["objects"].array.first { $0["id"].text == id }
  }

  /// The item of a variation that is not deleted.
  private func item(ofVariation id: String) async throws(MarketplaceError) -> SquareItem? {
    guard let variation = try await retrieve(id), variation["is_deleted"].bool != true,
      let itemId = variation["item_variation_data"]["item_id"].text
    else { return nil }
    return try await retrieve(itemId).flatMap { SquareItem($0) }
  }
}

/// An item of the catalogue with its variations, as it is written back.
struct SquareItem: Equatable {
  private(set) var json: JSON

  /// Nil for what is no item, or no more.
  init?(_ json: JSON) {
    guard json["type"].text == "ITEM", json["id"].text?.isEmpty == false, json["is_deleted"].bool != true
    else { return nil }
    self.json = json
  }

  var id: String { json["id"].text ?? "" }

  /// Whether it has one variation only. Name, text and state are those of the item: where it has several variations, one
  /// of them does not change these for the others.
  var isAlone: Bool { json["item_data"]["variations"].array.count == 1 }

  /// Brings one of its variations, and the item itself where that is its only one, to a draft.
  mutating func change(
    _ variation: String, to product: ProductDraft, currency: String?
  ) throws(MarketplaceError) {
    var data = json["item_data"].object
    if let price = product.price {
      let pricing = try Self.pricing(price, in: currency)
      data["variations"] = .array(
        json["item_data"]["variations"].array.map { json in
          guard json["id"].text == variation else { return json }
          var changed = json
          changed["item_variation_data"] = .object(json["item_variation_data"].object.merging(pricing) { $1 })
          return changed
        })
    }
    if isAlone {
      if let title = product.title { data["name"] = .string(title) }
      data.merge(Self.content(of: product)) { $1 }
      // The older names of the text: what they say would contradict it.
      if product.description != nil { (data["description"], data["description_plaintext"]) = (nil, nil) }
    }
    json["item_data"] = .object(data)
  }

  /// `CatalogObject` of a new item; names with a `#` are Square's to replace.
  static func creation(of product: ProductDraft, currency: String) throws(MarketplaceError) -> JSON {
    var variation: [String: JSON] = [
      "item_id": "#item", "name": "Regular", "sku": .string(product.sku), "track_inventory": true,
    ]
    if let barcode = product.barcode { variation["upc"] = .string(barcode) }
    variation.merge(try pricing(product.price, in: currency)) { $1 }
    var data = content(of: product)
    data["name"] = .string(product.title ?? product.sku)
    data["variations"] = [
      [
        "type": "ITEM_VARIATION", "id": "#variation", "present_at_all_locations": true,
        "item_variation_data": .object(variation),
      ]
    ]
    return [
      "type": "ITEM", "id": "#item", "present_at_all_locations": true, "item_data": .object(data),
    ]
  }

  private static func content(of product: ProductDraft) -> [String: JSON] {
    var content: [String: JSON] = ["is_archived": .bool(!product.isActive)]
    if let description = product.description { content["description_html"] = .string(description) }
    return content
  }

  /// Without a price the seller is asked for one at every sale.
  private static func pricing(
    _ price: Money?, in currency: String?
  ) throws(MarketplaceError) -> [String: JSON] {
    guard let price else { return ["pricing_type": "VARIABLE_PRICING"] }
    guard let money = SquareMoney.write(price, in: currency ?? "") else {
      throw .unsupported(
        "a price of \(price) can't be written in whole units of \(currency ?? "no currency")")
    }
    return ["pricing_type": "FIXED_PRICING", "price_money": money]
  }

  /// The same for the same object, version and all.
  static func key(of object: JSON) -> String {
    let digest = SHA256.hash(data: object.bytes).prefix(12)
    return digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }
}
