package import JSON
package import Time

/// A Clover merchant as the simulator speaks it, with `Authorization: Bearer <token>` (else 401) and 16 calls a second.
/// Errors are `{"message"}`. Times are milliseconds since 1970, money is in cents, lists are `{"elements":[…],"href"}`.
///
/// `GET /orders?filter=modifiedTime>=1763700000000&orderBy=modifiedTime ASC|DESC&expand=lineItems,customers&limit=100&offset=0`,
/// `GET /orders/{id}?expand=…`. Each line is one piece.
///
///     ORDER = {"id":"…","currency":"USD","total":5498,"paymentState":"PAID","state":"locked","createdTime","clientCreatedTime",
///       "modifiedTime","testMode":false,"lineItems":{"elements":[{"id","item":{"id"},"itemCode":"<sku>","name","price":4499}]},
///       "customers":{"elements":[{"id","firstName","lastName"}]}}
///
/// `GET /items?expand=itemStock&limit&offset`, `GET /items/{id}?expand=itemStock` → `{"id","name","sku","price",
/// "itemStock":{"quantity":12}}`; `POST /item_stocks/{id}` `{"quantity":n}`.
package struct CloverShop: Shop {
  package var market: Market
  private let token: String
  private var limit = RequestLimit(16, per: .seconds(1))

  package init(market: Market, seed: UInt64) {
    self.market = market
    var dice = Dice(seed: seed ^ 0xC10E)
    token = dice.identifier().description
  }

  package var name: String { "clover" }
  package var platform: String { "clover" }
  package var dialect: String? { nil }
  package var prefix: String { "clover/v3/merchants/SIMMERCHANT01" }
  package var currency: String { "USD" }
  package var credentials: JSON { ["token": .string(token)] }

  package func externalId(of order: Order) -> String { "CLV\(order.number)" }
  package func externalId(of line: Line) -> String { String(line.id.number, radix: 36, uppercase: true) }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    guard limit.admit(at: now) else { return refusal(429, of: request, at: now) }
    guard request.headers["authorization"] == "Bearer " + token else {
      return refusal(401, of: request, at: now)
    }
    switch (request.method, request.path.count, request.path.first) {
    case ("GET", 1, "orders"): return orders(request, at: now)
    case ("GET", 2, "orders"): return order(request, at: now)
    case ("GET", 1, "items"): return items(request, at: now)
    case ("GET", 2, "items"): return item(request, at: now)
    case ("POST", 2, "item_stocks"): return changeStock(request, at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let body: JSON = ["message": .string("The request was refused: \(status).")]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool { false }

  private func reply(_ json: JSON, at now: Timestamp) -> Response {
    Response(200, headers: [Self.json], body: json.bytes, readAt: now)
  }

  /// Offset and limit; nil when they are not allowed.
  private func slice(_ request: Request) -> (offset: Int, limit: Int)? {
    guard let limit = Int(request.query["limit"] ?? "100"), (1...1_000).contains(limit),
      let offset = Int(request.query["offset"] ?? "0"), offset >= 0
    else { return nil }
    return (offset, limit)
  }

  private static let json = (name: "Content-Type", value: "application/json")
}

extension CloverShop {
  private func orders(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request) else { return refusal(400, of: request, at: now) }
    var query = OrderQuery(offset: slice.offset, limit: slice.limit)
    query.sortedBy = request.query["orderBy"]?.hasPrefix("modifiedTime") == true ? .updated : .bought
    query.descending = request.query["orderBy"]?.hasSuffix("ASC") != true
    if let filter = request.query["filter"] {
      let since = filter.hasPrefix("modifiedTime>=") ? Int64(filter.dropFirst(14)) : nil
      guard let since else { return refusal(400, of: request, at: now) }
      query.updatedFrom = Timestamp(millisecondsSince1970: since)
    }
    let (places, _) = market.orders(query) { _ in true }
    return reply(["elements": .array(places.map { json(of: market.orders[$0], request) })], at: now)
  }

  private func order(_ request: Request, at now: Timestamp) -> Response {
    let id = request.path[1]
    guard id.hasPrefix("CLV"), let order = market.order(numbered: String(id.dropFirst(3))) else {
      return refusal(404, of: request, at: now)
    }
    return reply(json(of: order, request), at: now)
  }

  private func items(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request) else { return refusal(400, of: request, at: now) }
    let page = market.listings.dropFirst(slice.offset).prefix(slice.limit)
    return reply(["elements": .array(page.map { json(of: $0, request) })], at: now)
  }

  private func item(_ request: Request, at now: Timestamp) -> Response {
    guard let place = place(request.path[1]) else { return refusal(404, of: request, at: now) }
    return reply(json(of: market.listings[place], request), at: now)
  }

  private mutating func changeStock(_ request: Request, at now: Timestamp) -> Response {
    guard let place = place(request.path[1]) else { return refusal(404, of: request, at: now) }
    let quantity = (try? JSON.parse(request.body))?["quantity"].integer
    guard let quantity, (0...999_999).contains(quantity) else { return refusal(400, of: request, at: now) }
    market.setStock(of: place, to: Int(quantity), at: now)
    return reply(["item": ["id": .string(request.path[1])], "quantity": .integer(quantity)], at: now)
  }

  private func place(_ id: String) -> Int? { Int64(id).flatMap { market.listingIds[$0] } }

  private func json(of listing: Listing, _ request: Request) -> JSON {
    var json: JSON = [
      "id": .string(String(listing.id)), "name": .string(listing.title), "sku": .string(listing.sku),
      "price": .integer(listing.price), "hidden": false,
    ]
    if request.query.all("expand").contains("itemStock") {
      json["itemStock"] = ["quantity": .integer(listing.stock), "stockCount": .integer(listing.stock)]
    }
    return json
  }

  private func json(of order: Order, _ request: Request) -> JSON {
    let latest = order.latest
    var json: JSON = [
      "id": .string(externalId(of: order)), "currency": .string(currency), "total": .integer(latest.total),
      "paymentState": latest.paidAt == nil ? "OPEN" : "PAID", "state": "locked", "testMode": false,
      "createdTime": .integer(order.placedAt.millisecondsSince1970),
      "clientCreatedTime": .integer(order.placedAt.millisecondsSince1970),
      "modifiedTime": .integer(latest.updatedAt.millisecondsSince1970),
    ]
    let expanded = request.query.all("expand")
    if expanded.contains("lineItems") {
      json["lineItems"] = ["elements": .array(latest.lines.map(self.json))]
    }
    if expanded.contains("customers") {
      let buyer: JSON = [
        "id": .string(order.buyer.id), "firstName": .string(order.buyer.firstName),
        "lastName": .string(order.buyer.lastName),
      ]
      json["customers"] = ["elements": [buyer]]
    }
    return json
  }

  private func json(of line: Line) -> JSON {
    let listing = market.listings[line.listing]
    return [
      "id": .string(externalId(of: line)), "item": ["id": .string(String(listing.id))],
      "itemCode": .string(listing.sku), "name": .string(listing.title), "price": .integer(line.price),
      "refunded": false, "exchanged": false,
    ]
  }
}

extension AccountPlan {
  static let clover = AccountPlan(
    name: "clover", number: 15,
    adapt: { behaviour in
      // A till: paid at once, one piece a line, taken home; a line can be taken off. The seller's own changes of stock
      // come by webhook only.
      behaviour.paysAtOnce = true
      (behaviour.largestQuantity, behaviour.droppedLines) = (1, 1)
      (behaviour.merged, behaviour.cancelled, behaviour.sent, behaviour.silentlyCancelled) = (0, 0, 0, 0)
      (behaviour.sellerChanges, behaviour.restocks) = (0, false)
    },
    open: { market, seed, _ in CloverShop(market: market, seed: seed) })
}
