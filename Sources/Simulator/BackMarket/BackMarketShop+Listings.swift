import JSON
import Time

/// The listings, and their quantity, which is all of them that we write.
extension BackMarketShop {
  func listings(_ request: Request, at now: Timestamp) -> Response {
    let found = page(request, largest: 50, usual: 10) { offset, limit in
      (market.listings.dropFirst(offset).prefix(limit).map(json), market.listings.count)
    }
    guard let found else { return refusal(400, of: request, at: now) }
    return reply(found, at: now)
  }

  mutating func listing(_ request: Request, at now: Timestamp) -> Response {
    guard let place = Int64(request.path[2]).flatMap({ market.listingIds[$0] }) else {
      return refusal(404, of: request, at: now)
    }
    if request.method == "POST" {
      let quantity = (try? JSON.parse(request.body))?["quantity"].integer
      guard let quantity, (0...999_999).contains(quantity) else { return refusal(400, of: request, at: now) }
      market.setStock(of: place, to: Int(quantity), at: now)
    }
    return reply(json(of: market.listings[place]), at: now)
  }

  private func json(of listing: Listing) -> JSON {
    [
      "id": .string(Identifier(high: 0xBAC0, low: UInt64(listing.id)).description),
      "listing_id": .integer(listing.id), "product_id": .string("p-\(listing.sku)"),
      "sku": .string(listing.sku),
      "title": .string(listing.title), "quantity": .integer(listing.stock),
      "price": .hundredths(listing.price),
      "min_price": nil, "currency": .string(currency), "state": 2, "grade": "EXCELLENT",
      "publication_state": listing.isSoldOut ? 3 : 2,
    ]
  }
}
