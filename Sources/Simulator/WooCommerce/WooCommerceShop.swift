package import JSON
package import Time

/// A WooCommerce shop as the simulator speaks it: `/wp-json/wc/v3/…` with `Authorization: Basic base64(key:secret)` (else
/// 401). Errors are `{"code","message","data":{"status"}}`. Times are UTC in whole seconds, without a zone.
///
/// `GET orders?per_page=10&page=1|offset=0&orderby=date|modified&order=desc|asc&modified_after=…&dates_are_gmt=true`
/// (`modified_after` leaves its own second out) → `[ORDER]`, `GET orders/{id}` → ORDER.
///
///     ORDER = {"id":100023,"number":"100023","status":"pending|processing|completed|cancelled","currency","date_created_gmt",
///       "date_modified_gmt","date_paid_gmt":null|"…","total":"54.98","total_tax","shipping_total","customer_id":…,"billing":{…},
///       "shipping":{…},"line_items":[{"id","name","product_id","variation_id":0|…,"quantity","sku","price":49.99}],"refunds":[]}
///
/// `POST products` `{"sku","name","description","regular_price","status"}` (a SKU that there is already is refused with 400),
/// `GET products?sku=…`, `DELETE products/{id}?force=true`.
/// `GET products?per_page&page`, `products/{id}`, `products/{id}/variations[/{id}]` and `PUT` of a product or variation with
/// `{"stock_quantity":n}` or what else there is of it: `{"id","name","sku","type":"simple|variable","manage_stock":true|false,"stock_quantity":n|null,
/// "price","status","variations":[…]}`. Every third three listings are the variations of one product.
/// `GET|POST orders/{id}/notes` `{"note","customer_note"}`.
package struct WooCommerceShop: Shop {
  package var market: Market
  /// The notes to buyers by order.
  var notes: [Int: [Letter]] = [:]
  /// How many listings there were at first; each later one is a product of its own.
  let founding: Int
  private let (key, secret): (String, String)

  package init(market: Market, seed: UInt64) {
    self.market = market
    founding = market.listings.count
    var dice = Dice(seed: seed ^ 0x3005)
    key = "ck_" + dice.identifier().description
    secret = "cs_" + dice.identifier().description
  }

  package var name: String { "woocommerce" }
  package var platform: String { "woocommerce" }
  package var dialect: String? { nil }
  package var prefix: String { "woocommerce" }
  package var currency: String { "EUR" }
  package var credentials: JSON { ["consumerKey": .string(key), "consumerSecret": .string(secret)] }

  package var letters: [Letter] { notes.values.flatMap(\.self) }

  package func externalId(of listing: Listing) -> String {
    let (product, variation) = productIds(of: market.listingIds[listing.id] ?? 0)
    return variation.map { "\(product)/\($0)" } ?? String(product)
  }
  package func externalId(of order: Order) -> String { String(order.number) }
  package func externalId(of line: Line) -> String { String(line.id.number) }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    let expected = "Basic " + Base64.encode("\(key):\(secret)")
    let given = request.headers["authorization"].map { String($0.prefix { $0 != "=" }) }
    guard given == expected else { return refusal(401, of: request, at: now) }
    guard request.path.starts(with: ["wp-json", "wc", "v3"]) else {
      return refusal(404, of: request, at: now)
    }
    let path = Array(request.path.dropFirst(3))
    switch (request.method, path.count, path.first) {
    case ("GET", 1, "orders"): return orders(request, at: now)
    case ("GET", 2, "orders"): return order(path[1], request, at: now)
    case ("GET", 3, "orders") where path[2] == "notes", ("POST", 3, "orders") where path[2] == "notes":
      return note(path[1], request, at: now)
    case ("GET", 1, "products"): return products(request, at: now)
    case ("POST", 1, "products"): return create(request, at: now)
    case ("DELETE", 2, "products"), ("DELETE", 4, "products"):
      return delete(path.dropFirst().filter { $0 != "variations" }, request, at: now)
    case ("GET", 3, "products") where path[2] == "variations":
      return variations(of: path[1], request, at: now)
    case ("GET", 2, "products"), ("PUT", 2, "products"), ("GET", 4, "products"), ("PUT", 4, "products"):
      return product(path.dropFirst().filter { $0 != "variations" }, request, at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let body: JSON = [
      "code": .string("woocommerce_rest_\(status)"), "message": "The request was refused.",
      "data": ["status": .integer(status)],
    ]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ json: JSON, status: Int = 200, at now: Timestamp) -> Response {
    Response(status, headers: [Self.json], body: json.bytes, readAt: now)
  }

  /// Offset and limit; nil when they are not allowed.
  func slice(_ request: Request) -> (offset: Int, limit: Int)? {
    guard let limit = Int(request.query["per_page"] ?? "10"), (1...100).contains(limit),
      let page = Int(request.query["page"] ?? "1"), (1...100_000).contains(page),
      let offset = Int(request.query["offset"] ?? String((page - 1) * limit)), offset >= 0
    else { return nil }
    return (offset, limit)
  }

  /// A time in whole seconds and without a zone.
  static func time(_ moment: Timestamp?) -> JSON {
    .text(moment.map { String(Timestamp(secondsSince1970: $0.secondsSince1970).description.prefix(19)) })
  }

  private static let json = (name: "Content-Type", value: "application/json; charset=UTF-8")
}

extension AccountPlan {
  static let wooCommerce = AccountPlan(
    name: "woocommerce", number: 13,
    adapt: { behaviour in
      // Orders don't merge and nobody learns when they arrive. The seller's own changes of stock come by webhook only.
      (behaviour.merged, behaviour.silentlyCancelled, behaviour.delivered) = (0, 0, 0)
      (behaviour.sellerChanges, behaviour.restocks) = (0, false)
    },
    open: { market, seed, _ in WooCommerceShop(market: market, seed: seed) })
}
