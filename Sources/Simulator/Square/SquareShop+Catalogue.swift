import JSON
import Time

/// Items, variations and their counts.
extension SquareShop {
  func searchCatalog(_ body: JSON) -> JSON {
    let after = body["cursor"].integer ?? 0
    let exact = body["query"]["exact_query"]
    let sku = exact["attribute_name"].text == "sku" ? exact["attribute_value"].text : nil
    let rest = market.listings.filter { $0.id > after && !$0.isGone && $0.sku == sku ?? $0.sku }
      .sorted { $0.id < $1.id }
    let page = rest.prefix(Int(clamping: max(1, body["limit"].integer ?? 100)))
    var answer = objects(Array(page), withItems: body["include_related_objects"].bool ?? false)
    if rest.count > page.count, let last = page.last { answer["cursor"] = .string(String(last.id)) }
    return answer
  }

  func retrieveCatalog(_ body: JSON) -> JSON {
    let ids = body["object_ids"].array.compactMap(\.text)
    let includesDeleted = body["include_deleted_objects"].bool ?? false
    func found(_ ids: [String]) -> [Listing] {
      ids.compactMap(listing(ofObject:)).map { market.listings[$0] }.filter { includesDeleted || !$0.isGone }
    }
    var answer = objects(
      found(ids.filter { !$0.hasPrefix("I") }), withItems: body["include_related_objects"].bool ?? false)
    let items = found(ids.filter { $0.hasPrefix("I") }).map(item)
    answer["objects"] = .array(answer["objects"].array + items)
    return answer
  }

  private func objects(_ listings: [Listing], withItems: Bool) -> JSON {
    var answer: JSON = ["objects": .array(listings.map(variation))]
    if withItems {
      answer["related_objects"] = .array(listings.map(item))
    }
    return answer
  }

  func variation(_ listing: Listing) -> JSON {
    [
      "type": "ITEM_VARIATION", "id": .string(String(listing.id)), "updated_at": .time(listing.updatedAt),
      "version": .integer(version(of: listing)), "is_deleted": .bool(listing.isGone),
      "item_variation_data": [
        "item_id": .string("I\(listing.id)"), "name": "Regular", "sku": .string(listing.sku),
        "price_money": money(listing.price),
      ],
    ]
  }

  // MARK: Counts

  /// A fourth of the stock lies at the second location.
  private static func levels(of stock: Int) -> [(location: String, quantity: Int)] {
    [(places[0], stock - stock / 4), (places[1], stock / 4)]
  }

  /// In the order of their making, the counts of one variation together.
  func counts(_ body: JSON) -> JSON {
    let wanted = body["catalog_object_ids"].array.compactMap { $0.integer.flatMap { market.listingIds[$0] } }
    let since = body["updated_after"].timestamp
    let entries = (body["catalog_object_ids"].isNull ? Array(market.listings.indices) : wanted)
      .map { (at: market.listings[$0].updatedAt, place: $0) }
      .filter { entry in since.map { entry.at > $0 } ?? true }
    // The counts of a variation come together, so half as many variations as counts.
    let limit = max(1, Int(clamping: body["limit"].integer ?? 100) / 2)
    let page = ChangePage(entries, after: body["cursor"].text, limit: limit)
    var answer: JSON = ["counts": .array(page.places.flatMap(counts))]
    if page.hasMore { answer["cursor"] = .text(page.cursor) }
    return answer
  }

  func counts(of place: Int) -> [JSON] {
    let listing = market.listings[place]
    return Self.levels(of: listing.stock).map { level in
      [
        "catalog_object_id": .string(String(listing.id)), "catalog_object_type": "ITEM_VARIATION",
        "state": "IN_STOCK", "location_id": .string(level.location),
        "quantity": .string(String(level.quantity)), "calculated_at": .time(listing.updatedAt),
      ]
    }
  }

  mutating func changeCounts(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    guard let key = body["idempotency_key"].text, !key.isEmpty else {
      return refusal(400, of: request, at: now)
    }
    if doneKeys.contains(key) { return reply(["counts": []], at: now) }
    var wanted: [Int: Int] = [:]
    for change in body["changes"].array {
      let count = change["physical_count"]
      guard change["type"].text == "PHYSICAL_COUNT", case .string = count["quantity"],
        let quantity = count["quantity"].integer, (0...1_000_000_000).contains(quantity),
        let place = count["catalog_object_id"].integer.flatMap({ market.listingIds[$0] }),
        let level = Self.levels(of: market.listings[place].stock).first(where: {
          $0.location == count["location_id"].text
        }), let moment = count["occurred_at"].timestamp, moment <= now
      else { return refusal(400, of: request, at: now) }
      wanted[place] = (wanted[place] ?? market.listings[place].stock) - level.quantity + Int(quantity)
    }
    for (place, quantity) in wanted.sorted(by: { $0.key < $1.key }) {
      market.setStock(of: place, to: quantity, at: now)
    }
    doneKeys.insert(key)
    return reply(["counts": .array(wanted.keys.sorted().flatMap(counts))], at: now)
  }
}
