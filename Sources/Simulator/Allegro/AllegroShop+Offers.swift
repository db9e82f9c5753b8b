import JSON
import Time

/// The listings, and the one thing about them that we write.
extension AllegroShop {
  func offers(_ request: Request, at now: Timestamp) -> Response {
    guard let offset = Int(request.query["offset"] ?? "0"), (0...1_000_000).contains(offset),
      let limit = Int(request.query["limit"] ?? "20"), (1...AllegroAPI.largestOfferPage).contains(limit)
    else { return error(422, of: request, at: now) }
    let skus = request.query.all("external.id")
    let chosen = market.listings
      .filter { skus.isEmpty || skus.contains($0.sku) }
      .sorted { $0.id < $1.id }
    let page = chosen.dropFirst(offset).prefix(limit)
    var json = JSONWriter(capacity: 256 + page.count * 320)
    json.beginObject()
    json.key("offers")
    json.beginArray()
    for listing in page {
      json.beginObject()
      json.offer(listing)
      json.key("stock")
      json.beginObject()
      json.key("available")
      json.integer(listing.stock)
      json.key("sold")
      json.integer(max(0, listing.sold))
      json.endObject()
      json.endObject()
    }
    json.endArray()
    json.key("count")
    json.integer(page.count)
    json.key("totalCount")
    json.integer(chosen.count)
    json.endObject()
    return reply(json, at: now)
  }

  func offer(_ request: Request, at now: Timestamp) -> Response {
    guard let place = place(of: request.path[2]) else { return error(404, of: request, at: now) }
    return offer(place, at: now)
  }

  mutating func changeOffer(_ request: Request, at now: Timestamp) -> Response {
    guard let place = place(of: request.path[2]) else { return error(404, of: request, at: now) }
    guard request.headers["content-type"]?.hasPrefix("application/vnd.allegro.") == true else {
      return error(415, of: request, at: now)
    }
    guard let body = try? JSON.parse(request.body), !body.object.isEmpty else {
      return error(422, of: request, at: now, message: "The body is no JSON object.")
    }
    let available = body["stock"]["available"]
    if !available.isNull {
      guard case .number = available, let quantity = available.integer, (0...99_999_999).contains(quantity)
      else {
        return error(422, of: request, at: now, message: "stock.available must be a number of at least 0.")
      }
      market.setStock(of: place, to: Int(quantity), at: now)
    }
    return offer(place, at: now)
  }

  private func place(of id: String) -> Int? {
    Int64(id).flatMap { market.listingIds[$0] }
  }

  private func offer(_ place: Int, at now: Timestamp) -> Response {
    let listing = market.listings[place]
    var json = JSONWriter(capacity: 512)
    json.beginObject()
    json.offer(listing)
    json.key("stock")
    json.beginObject()
    json.key("available")
    json.integer(listing.stock)
    json.key("unit")
    json.string("UNIT")
    json.endObject()
    json.key("createdAt")
    json.timestamp(listing.createdAt)
    json.key("updatedAt")
    json.timestamp(listing.updatedAt)
    json.endObject()
    return reply(json, at: now)
  }
}

extension JSONWriter {
  /// `{"id":"SKU-0001"}`
  mutating func externalId(_ sku: String) {
    beginObject()
    key("id")
    string(sku)
    endObject()
  }

  /// `{"amount":"49.90","currency":"PLN"}`
  mutating func money(_ hundredths: Int) {
    beginObject()
    key("amount")
    decimal(hundredths: hundredths)
    key("currency")
    string("PLN")
    endObject()
  }

  /// The members that the listing of offers and an offer have in common.
  fileprivate mutating func offer(_ listing: Listing) {
    key("id")
    string(String(listing.id))
    key("name")
    string(listing.title)
    key("external")
    externalId(listing.sku)
    key("category")
    externalId("257931")
    key("sellingMode")
    beginObject()
    key("format")
    string("BUY_NOW")
    key("price")
    money(listing.price)
    endObject()
    key("publication")
    beginObject()
    key("status")
    string(listing.isSoldOut ? "ENDED" : "ACTIVE")
    key("endedBy")
    if listing.isSoldOut { string("EMPTY_STOCK") } else { null() }
    endObject()
  }
}
