import JSON
import Time

/// Items that are created, changed and deleted through the API; each has one variation.
extension SquareShop {
  /// `POST /v2/catalog/object`: what is written replaces the whole item, if nobody changed it since it was read.
  mutating func upsert(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    guard let key = body["idempotency_key"].text, !key.isEmpty else {
      return refusal(400, of: request, at: now)
    }
    if let done = upserted[key] { return reply(done, at: now) }
    let (object, id) = (body["object"], body["object"]["id"].text ?? "")
    let data = object["item_data"]
    let variation = data["variations"][0]["item_variation_data"]
    guard object["type"].text == "ITEM", data["variations"].array.count == 1, let name = data["name"].text,
      !name.isEmpty, let sku = variation["sku"].text, let price = price(of: variation)
    else { return refusal(400, of: request, at: now) }
    let place: Int
    if id.hasPrefix("#") {
      place = market.list(sku: sku, title: name, at: now)
    } else {
      guard let known = listing(ofObject: id), !market.listings[known].isGone else {
        return refusal(400, of: request, at: now)
      }
      guard object["version"].integer == version(of: market.listings[known]) else {
        return refusal(400, code: "VERSION_MISMATCH", at: now)
      }
      place = known
    }
    market.change(place, at: now) { listing in
      (listing.title, listing.price) = (name, price)
      listing.description = data["description_html"].text ?? ""
      listing.isActive = data["is_archived"].bool != true
    }
    let done: JSON = ["catalog_object": item(market.listings[place])]
    upserted[key] = done
    return reply(done, at: now)
  }

  mutating func deleteObject(_ id: String, of request: Request, at now: Timestamp) -> Response {
    guard let place = listing(ofObject: id), !market.listings[place].isGone else {
      return refusal(404, of: request, at: now)
    }
    let ids = ["I\(market.listings[place].id)", "\(market.listings[place].id)"]
    market.withdraw(place, at: now)
    return reply(["deleted_object_ids": .array(ids.map(JSON.string)), "deleted_at": .time(now)], at: now)
  }

  /// The place of an item's or a variation's listing.
  func listing(ofObject id: String) -> Int? {
    Int64(id.hasPrefix("I") ? id.dropFirst() : id[...]).flatMap { market.listingIds[$0] }
  }

  func item(_ listing: Listing) -> JSON {
    [
      "type": "ITEM", "id": .string("I\(listing.id)"), "updated_at": .time(listing.updatedAt),
      "version": .integer(version(of: listing)), "is_deleted": .bool(listing.isGone),
      "present_at_all_locations": true,
      "item_data": [
        "name": .string(listing.title), "description_html": .string(listing.description),
        "is_archived": .bool(!listing.isActive), "variations": [variation(listing)],
      ],
    ]
  }

  func version(of listing: Listing) -> Int64 { listing.changedAt.millisecondsSince1970 }

  /// In hundredths; 0 where the seller is asked for it at every sale, nil where it is no price.
  private func price(of variation: JSON) -> Int? {
    if variation["pricing_type"].text == "VARIABLE_PRICING" { return 0 }
    guard variation["price_money"]["currency"].text == currency,
      let amount = variation["price_money"]["amount"].integer, (0...1_000_000_000).contains(amount)
    else { return nil }
    return Int(amount)
  }
}
