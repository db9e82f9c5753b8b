import Events
import JSON
import Marketplaces
import Shopify
import Testing

/// What is written of products that come from elsewhere, where the simulated shop has no such case.
@Suite struct ProductTests {
  private static func variant(price: String = "10.00", among count: Int = 1) -> JSON {
    [
      "data": [
        "productVariant": [
          "id": "gid://shopify/ProductVariant/5", "price": .string(price),
          "product": ["id": "gid://shopify/Product/9", "variantsCount": ["count": .integer(count)]],
        ]
      ]
    ]
  }

  private static let none: JSON = ["data": ["productVariants": ["nodes": []]]]

  private func done(_ mutation: String) -> JSON {
    ["data": .object([mutation: ["userErrors": [], "product": ["variants": ["nodes": [["id": "7"]]]]]])]
  }

  private func shop(_ variant: JSON) -> ScriptedShopify {
    ScriptedShopify([
      "VariantsOfSKU": [Self.none], "ProductOfVariant": [variant], "SetProduct": [done("productSet")],
      "UpdateProduct": [done("productUpdate")], "UpdateVariants": [done("productVariantsBulkUpdate")],
      "DeleteProduct": [done("productDelete")], "DeleteVariants": [done("productVariantsBulkDelete")],
    ])
  }

  @Test func `a variant among others changes and goes alone`() async throws {
    let shop = shop(Self.variant(among: 3))
    let draft = ProductDraft(sku: "S", title: "Lamp", isActive: false, price: Money("12.5"))
    try await shop.adapter().update(listing: "5", to: draft)
    try await shop.adapter().delete(listing: "5")
    #expect(
      shop.calls.map(\.name) == ["ProductOfVariant", "UpdateVariants", "ProductOfVariant", "DeleteVariants"])
    #expect(shop.calls[1].variables["variants"][0]["price"] == "12.5")
    #expect(shop.calls[3].variables["variants"] == ["gid://shopify/ProductVariant/5"])
  }

  @Test(arguments: [(nil, "DRAFT"), ("0.00", "DRAFT"), ("9.99", "ACTIVE")])
  func `a product that would be sold for nothing is a draft`(price: String?, status: JSON) async throws {
    let shop = shop(Self.variant(price: price ?? "0.00"))
    let draft = ProductDraft(sku: "S", title: "Lamp", price: price.flatMap { Money($0) })
    #expect(try await shop.adapter().create(draft) == "7")
    #expect(shop.calls.last?.variables["product"]["status"] == status)
    try await shop.adapter().update(listing: "5", to: ProductDraft(sku: "S", title: "Lamp"))
    #expect(shop.calls.last?.variables["product"]["status"] == status, "by the price that it has")
  }

  @Test func `the price is written before the product is shown`() async throws {
    let shop = shop(Self.variant(price: "0.00"))
    try await shop.adapter().update(listing: "5", to: ProductDraft(sku: "S", price: Money("12.5")))
    #expect(shop.calls.map(\.name) == ["ProductOfVariant", "UpdateVariants", "UpdateProduct"])
    #expect(shop.calls.last?.variables["product"]["status"] == "ACTIVE")
  }

  @Test func `each SKU has a handle of its own, and is searched as a phrase`() async throws {
    let shop = shop(Self.variant())
    for sku in ["A b", "a-b", "a\"b\\"] { _ = try await shop.adapter().create(ProductDraft(sku: sku)) }
    let handles = shop.calls.compactMap { $0.variables["handle"].text }
    #expect(Set(handles).count == 3)
    #expect(handles.allSatisfy { $0.allSatisfy { "abcdefghijklmnopqrstuvwxyz0123456789-".contains($0) } })
    #expect(shop.calls.filter { $0.name == "VariantsOfSKU" }.last?.variables["query"] == #"sku:"a\"b\\""#)
  }

  @Test func `a SKU that only resembles it is another product`() async throws {
    let found: JSON = [
      "data": ["productVariants": ["nodes": [["id": "gid://shopify/ProductVariant/5", "sku": "s"]]]]
    ]
    let shop = ScriptedShopify(["VariantsOfSKU": [found], "SetProduct": [done("productSet")]])
    #expect(try await shop.adapter().create(ProductDraft(sku: "S")) == "7")
  }

  @Test func `what Shopify refuses is an error, what is gone already is none`() async throws {
    let refused: JSON = [
      "data": ["productDelete": ["userErrors": [["field": ["id"], "message": "Product does not exist"]]]]
    ]
    let gone = ScriptedShopify(["ProductOfVariant": [Self.variant()], "DeleteProduct": [refused]])
    try await gone.adapter().delete(listing: "5")
    let title: JSON = [
      "data": ["productUpdate": ["userErrors": [["field": ["title"], "message": "Title is too long"]]]]
    ]
    let shop = ScriptedShopify(["ProductOfVariant": [Self.variant()], "UpdateProduct": [title]])
    let error = await #expect(throws: MarketplaceError.self) {
      try await shop.adapter().update(listing: "5", to: ProductDraft(sku: "S", title: "…"))
    }
    #expect(error?.errorClass == .rejected)
  }
}
