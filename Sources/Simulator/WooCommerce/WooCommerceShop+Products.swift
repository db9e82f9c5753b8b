import JSON
import Time

/// Products: every third three listings are the variations of one.
extension WooCommerceShop {
  private static let firstVariableProduct = 5_000

  /// The ids of a listing; the variation's is nil for a product of its own.
  func productIds(of place: Int) -> (product: Int64, variation: Int64?) {
    let id = market.listings[place].id
    guard (place / 3).isMultiple(of: 3) else { return (id, nil) }
    return (Int64(Self.firstVariableProduct + place / 9), id)
  }

  /// The places of the variations of a product, if it is one that has any.
  private func variations(of product: Int64) -> Range<Int>? {
    let place = (Int(clamping: product) - Self.firstVariableProduct).multipliedReportingOverflow(by: 9)
    guard !place.overflow, market.listings.indices.contains(place.partialValue) else { return nil }
    return place.partialValue..<min(place.partialValue + 3, market.listings.count)
  }

  func products(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request) else { return refusal(400, of: request, at: now) }
    let ids = Set(market.listings.indices.map { productIds(of: $0).product }).sorted()
    return reply(.array(ids.dropFirst(slice.offset).prefix(slice.limit).map(json)), at: now)
  }

  func variations(of id: String, _ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request), let places = Int64(id).flatMap(variations) else {
      return refusal(404, of: request, at: now)
    }
    let page = places.dropFirst(slice.offset).prefix(slice.limit)
    return reply(.array(page.map { json(ofListing: $0, type: nil) }), at: now)
  }

  mutating func product(_ ids: [String], _ request: Request, at now: Timestamp) -> Response {
    guard let product = Int64(ids[0]) else { return refusal(404, of: request, at: now) }
    if ids.count == 1, variations(of: product) != nil { return reply(json(ofProduct: product), at: now) }
    guard let place = Int64(ids.last ?? "").flatMap({ market.listingIds[$0] }),
      ids.count == 1 || variations(of: product)?.contains(place) == true
    else { return refusal(404, of: request, at: now) }
    if request.method == "PUT" {
      let quantity = (try? JSON.parse(request.body))?["stock_quantity"].integer
      guard let quantity, (-1_000...999_999).contains(quantity) else {
        return refusal(400, of: request, at: now)
      }
      market.setStock(of: place, to: Int(max(0, quantity)), at: now)
    }
    return reply(json(ofListing: place, type: ids.count == 1 ? "simple" : nil), at: now)
  }

  private func json(ofProduct id: Int64) -> JSON {
    guard let places = variations(of: id) else {
      return json(ofListing: market.listingIds[id] ?? 0, type: "simple")
    }
    return [
      "id": .integer(id), "name": .string(market.listings[places.lowerBound].title), "sku": "",
      "type": "variable", "manage_stock": false, "stock_quantity": nil, "status": "publish",
      "variations": .array(places.map { .integer(market.listings[$0].id) }),
    ]
  }

  /// Without a type it is a variation.
  private func json(ofListing place: Int, type: String?) -> JSON {
    let listing = market.listings[place]
    var json: JSON = [
      "id": .integer(listing.id), "name": .string(listing.title), "sku": .string(listing.sku),
      "manage_stock": true, "stock_quantity": .integer(listing.stock), "price": .hundredths(listing.price),
      "status": "publish", "date_modified_gmt": Self.time(listing.updatedAt),
    ]
    if let type {
      (json["type"], json["variations"], json["parent_id"]) = (.string(type), [], 0)
    }
    return json
  }
}
