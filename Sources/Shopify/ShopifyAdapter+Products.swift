import Crypto
import Events
import JSON
package import Marketplaces

/// Products that are put on sale from elsewhere: each SKU is a product with one variant.
extension ShopifyAdapter {
  /// A creation whose answer was lost is found again by its SKU; by its handle while Shopify's search, which lags behind
  /// its data, does not know the SKU yet.
  package func create(_ product: ProductDraft) async throws(MarketplaceError) -> String {
    if let listing = try await listing(ofSKU: product.sku) {
      try await update(listing: listing, to: product)
      return listing
    }
    let handle = ShopifyProduct.handle(of: product.sku)
    let answer = try await change(
      .setProduct,
      ["handle": .string(handle), "product": ShopifyProduct.creation(of: product, handle: handle)])
    let made = answer.json["data"]["productSet"]["product"]["variants"]["nodes"][0]["id"]
    guard let listing = ShopifyID.number(made) else {
      throw .malformed("the product that was created for \(product.sku) has no variant")
    }
    return listing
  }

  /// The price comes first, so that nobody can buy at the one before.
  package func update(listing listingId: String, to product: ProductDraft) async throws(MarketplaceError) {
    guard let target = try await owner(ofVariant: listingId) else {
      throw .notFound("listing \(listingId)")
    }
    if let price = product.price {
      let variant: JSON = ["id": .string(target.variant), "price": .string(price.text)]
      _ = try await change(.updateVariants, ["product": .string(target.id), "variants": [variant]])
    }
    if target.isAlone {
      _ = try await change(
        .updateProduct, ["product": ShopifyProduct.change(of: target.id, to: product, price: target.price)])
    }
  }

  package func delete(listing listingId: String) async throws(MarketplaceError) {
    guard let target = try await owner(ofVariant: listingId) else { return }
    do {
      if target.isAlone {
        _ = try await change(.deleteProduct, ["input": ["id": .string(target.id)]])
      } else {
        _ = try await change(
          .deleteVariants, ["product": .string(target.id), "variants": [.string(target.variant)]])
      }
    } catch .rejected(_, let text) where text.contains("does not exist") {
      return
    }
  }

  private func listing(ofSKU sku: String) async throws(MarketplaceError) -> String? {
    let found = try await ask(.variantsOfSKU, ["query": .string("sku:" + ShopifyProduct.quoted(sku))])
    let variants = found.json["data"]["productVariants"]["nodes"].array
    return variants.first { $0["sku"].text == sku }.flatMap { ShopifyID.number($0["id"]) }
  }

  private func owner(ofVariant id: String) async throws(MarketplaceError) -> ShopifyProduct? {
    let answer = try await ask(.productOfVariant, ["id": .string(ShopifyID.global(.variant, id))])
    return ShopifyProduct(answer.json["data"]["productVariant"])
  }
}

/// The product of a variant, and what is written of it.
struct ShopifyProduct: Equatable {
  /// Global ids.
  var id: String
  var variant: String
  var price: Money?
  /// Whether the variant is its only one. Title, text and state are those of the product: where it has several variants,
  /// one of them does not change these for the others.
  var isAlone: Bool

  /// Nil where there is no such variant.
  init?(_ node: JSON) {
    guard let variant = node["id"].text, let id = node["product"]["id"].text else { return nil }
    self.id = id
    self.variant = variant
    price = Money(node["price"])
    isAlone = node["product"]["variantsCount"]["count"].integer == 1
  }

  /// `ProductSetInput`. Nothing is sold that is not in stock, and the stock is counted.
  static func creation(of product: ProductDraft, handle: String) -> JSON {
    var variant: [String: JSON] = [
      "sku": .string(product.sku), "inventoryItem": ["tracked": true], "inventoryPolicy": "DENY",
      "optionValues": [["optionName": "Title", "name": "Default Title"]],
    ]
    if let price = product.price { variant["price"] = .string(price.text) }
    if let barcode = product.barcode { variant["barcode"] = .string(barcode) }
    var input = content(of: product, price: product.price)
    input["handle"] = .string(handle)
    input["title"] = .string(product.title ?? product.sku)
    input["productOptions"] = [["name": "Title", "values": [["name": "Default Title"]]]]
    input["variants"] = [.object(variant)]
    return .object(input)
  }

  /// `ProductUpdateInput`; `price` is what it costs now.
  static func change(of id: String, to product: ProductDraft, price: Money?) -> JSON {
    var input = content(of: product, price: product.price ?? price)
    input["id"] = .string(id)
    if let title = product.title { input["title"] = .string(title) }
    return .object(input)
  }

  /// Shopify sells a product without a price for nothing, so such a one is a draft.
  private static func content(of product: ProductDraft, price: Money?) -> [String: JSON] {
    let isForSale = product.isActive && price.map { !$0.isZero } ?? false
    var content: [String: JSON] = ["status": isForSale ? "ACTIVE" : "DRAFT"]
    if let description = product.description { content["descriptionHtml"] = .string(description) }
    return content
  }

  /// The handle of a SKU's product, which is a part of its page's address: small letters, digits and hyphens. The digest
  /// tells SKUs apart that differ only in other characters.
  static func handle(of sku: String) -> String {
    let plain = sku.lowercased().map { $0.isASCII && ($0.isLetter || $0.isNumber) ? String($0) : "-" }
      .joined()
    let digest = SHA256.hash(data: Array(sku.utf8)).prefix(4)
    return plain.prefix(80) + "-"
      + digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
  }

  /// A phrase of Shopify's search.
  static func quoted(_ text: String) -> String {
    "\"" + text.map { $0 == "\"" || $0 == "\\" ? "\\\($0)" : String($0) }.joined() + "\""
  }
}
