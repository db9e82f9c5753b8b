import Events
import JSON
package import Marketplaces
import Time

extension EbayAdapter {
  /// A page of the inventory's items; the cursor is an offset. An item's id is its SKU.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let offset = max(request.cursor.flatMap { Int($0) } ?? 0, 0)
    let answer = try await get(
      "/sell/inventory/v1/inventory_item",
      [("limit", String(min(max(request.limit, 1), 200))), ("offset", String(offset))])
    guard case .array(let found) = answer.json["inventoryItems"] else {
      throw .malformed("a page of the inventory has no 'inventoryItems'")
    }
    var (items, listings): ([FeedItem], [Listing]) = ([], [])
    for json in found {
      guard let listing = Self.listing(of: json) else { continue }
      listings.append(listing)
      if let item = connection.snapshot(of: listing, payload: json, at: answer.date) { items.append(item) }
    }
    let end = offset + found.count
    let isLast = found.isEmpty || end >= answer.json["total"].integer ?? 0
    return FeedPage(
      items: items, listings: listings, nextCursor: isLast ? nil : String(end), isLast: isLast,
      observedAt: answer.date, calls: 1)
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let answer = try await get("/sell/inventory/v1/inventory_item/" + PercentEncoding.segment(externalId))
    var json = answer.json
    // An item read alone leaves out what it was asked by.
    if json["sku"].isNull { json["sku"] = .string(externalId) }
    guard let listing = Self.listing(of: json) else { throw .malformed("item \(externalId) has no sku") }
    return ListingRead(listing: listing, at: answer.date, payload: answer.json)
  }

  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let body: JSON = [
      "requests": [
        ["sku": .string(listingId), "shipToLocationAvailability": ["quantity": .integer(quantity)]]
      ]
    ]
    let answer = try await client.json(
      MarketplaceCall(
        .post, "/sell/inventory/v1/bulk_update_price_quantity",
        headers: [("accept", "application/json"), ("content-type", "application/json")], body: body.bytes))
    // The answer is good although one of the requests may not be.
    let response = answer.json["responses"][0]
    let status = Int(clamping: response["statusCode"].integer ?? 200)
    switch status {
    case 200..<300: return StockWritten(quantity: quantity, at: answer.date)
    case 404: throw .notFound("inventory item \(listingId)")
    default: throw .rejected(status: status, response["errors"][0]["message"].text ?? "no reason given")
    }
  }

  /// Nil without a SKU.
  private static func listing(of json: JSON) -> Listing? {
    guard let sku = json["sku"].text, !sku.isEmpty else { return nil }
    let quantity = json["availability"]["shipToLocationAvailability"]["quantity"]
    return Listing(
      externalId: sku, sku: sku, title: json["product"]["title"].text,
      quantity: quantity.integer.flatMap { Int(exactly: $0) }, status: json["condition"].text)
  }
}
