import JSON
import Time

/// Products: every third three listings are the variations of one.
extension WooCommerceShop {
  private static let firstVariableProduct = 5_000

  /// The ids of a listing; the variation's is nil for a product of its own.
  func productIds(of place: Int) -> (product: Int64, variation: Int64?) {
    let id = market.listings[place].id
    guard place < founding, (place / 3).isMultiple(of: 3) else { return (id, nil) }
    return (Int64(Self.firstVariableProduct + place / 9), id)
  }

  /// The places of the variations of a product, if it is one that has any.
  private func variations(of product: Int64) -> Range<Int>? {
    let place = (Int(clamping: product) - Self.firstVariableProduct).multipliedReportingOverflow(by: 9)
    guard !place.overflow, (0..<founding).contains(place.partialValue) else { return nil }
    return place.partialValue..<min(place.partialValue + 3, founding)
  }

  func products(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request) else { return refusal(400, of: request, at: now) }
    let places = market.listings.indices.filter { !market.listings[$0].isGone }
    if let sku = request.query["sku"] {
      let found = places.filter { market.listings[$0].sku == sku }
      return reply(.array(found.map { json(ofListing: $0, type: kind(of: $0)) }), at: now)
    }
    let ids = Set(places.map { productIds(of: $0).product }).sorted()
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
      ids.count == 1 || variations(of: product)?.contains(place) == true, !market.listings[place].isGone
    else { return refusal(404, of: request, at: now) }
    if request.method == "PUT" {
      guard let body = try? JSON.parse(request.body), change(place, to: body, at: now) else {
        return refusal(400, of: request, at: now)
      }
    }
    return reply(json(ofListing: place, type: ids.count == 1 ? "simple" : nil), at: now)
  }

  mutating func create(_ request: Request, at now: Timestamp) -> Response {
    guard let body = try? JSON.parse(request.body), let name = body["name"].text, let sku = body["sku"].text,
      !market.listings.contains(where: { $0.sku == sku && !$0.isGone })
    else { return refusal(400, of: request, at: now) }
    let place = market.list(sku: sku, title: name, at: now)
    guard change(place, to: body, at: now) else { return refusal(400, of: request, at: now) }
    return reply(json(ofListing: place, type: "simple"), status: 201, at: now)
  }

  mutating func delete(_ ids: [String], _ request: Request, at now: Timestamp) -> Response {
    guard let place = Int64(ids.last ?? "").flatMap({ market.listingIds[$0] }),
      !market.listings[place].isGone,
      request.query["force"] == "true"
    else { return refusal(404, of: request, at: now) }
    market.withdraw(place, at: now)
    return reply(json(ofListing: place, type: kind(of: place)), at: now)
  }

  /// False when something can't be.
  private mutating func change(_ place: Int, to body: JSON, at now: Timestamp) -> Bool {
    if !body["stock_quantity"].isNull {
      guard let quantity = body["stock_quantity"].integer, (-1_000...999_999).contains(quantity) else {
        return false
      }
      market.setStock(of: place, to: Int(max(0, quantity)), at: now)
    }
    if let price = body["regular_price"].text {
      guard let amount = Double(price), amount >= 0, amount < 1e9 else { return false }
      market.listings[place].price = Int((amount * 100).rounded())
    }
    if let name = body["name"].text { market.listings[place].title = name }
    if let description = body["description"].text { market.listings[place].description = description }
    if let status = body["status"].text { market.listings[place].isActive = status == "publish" }
    return true
  }

  private func kind(of place: Int) -> String {
    productIds(of: place).variation == nil ? "simple" : "variation"
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
      "description": .string(listing.description), "status": listing.isActive ? "publish" : "draft",
      "date_modified_gmt": Self.time(listing.updatedAt),
    ]
    if let type {
      let parent = productIds(of: place)
      (json["type"], json["variations"]) = (.string(type), [])
      json["parent_id"] = .integer(type == "variation" ? parent.product : 0)
    }
    return json
  }
}
