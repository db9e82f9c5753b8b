package import JSON
package import Time

/// A Back Market account as the simulator speaks it.
///
/// Every call needs `Authorization: Basic <token>` (else 401). More than 200 calls in 10 seconds are answered by a page
/// for people with 429, without a Retry-After. Errors are `{"error":{"code","message"}}`.
///
/// `GET /ws/orders?page=1&page-size=10` (at most 50), `date_modification`, `date_creation` (both: from then on),
/// `state` → `{"count","next":null|"…","previous":null|"…","results":[ORDER]}`, the newest order first. An order is there
/// once it is paid: states 0 and 8 are never returned. `GET /ws/orders/{id}` → ORDER. There is no cancelled order: every
/// line has a state of its own. Times of modification are whole seconds.
///
///     ORDER = {"order_id":100023,"state":1|3|9,"date_creation","date_modification","date_payment","date_shipping":null|"…",
///       "shipping_address":{…},"billing_address":{…},"tracking_number":null|"…","tracking_url","shipper_display","price":"89.98",
///       "shipping_price":"9.99","currency":"EUR","country_code":"fr-fr","orderlines":[{"id":…,"state":1|2|3|4,"listing":"<sku>",
///       "listing_id":…,"product":"<title>","quantity":1,"price":"44.99","currency":"EUR","date_creation"}]}
///
/// `GET /ws/listings?page&page-size`, `GET /ws/listings/{listing_id}` → `{"id":"<uuid>","listing_id","sku","title","quantity",
/// "price":"160.99","currency","state","publication_state"}`; `POST` of the same with `{"quantity":n}` writes it.
///
/// `GET /ws/sav?page` (10 a page), `last_modification_date=YYYY-MM-DD-hh-mm`, `state` → care folders `{"id","orderline",
/// "date_creation","date_modification","state":0,"lines":[]}`; `GET /ws/sav/{id}` has `"orderline":{"id","order":{"order_id"}}`.
package struct BackMarketShop: Shop {
  package var market: Market
  private let token: String
  private var limit = RequestLimit(200, per: .seconds(10))

  package init(market: Market, seed: UInt64) {
    self.market = market
    var dice = Dice(seed: seed ^ 0xBAC0_0A57)
    token = dice.identifier().description
  }

  package var name: String { "backmarket" }
  package var platform: String { "backmarket" }
  package var dialect: String? { nil }
  package var prefix: String { "backmarket" }
  package var currency: String { "EUR" }
  package var credentials: JSON { ["token": .string(token)] }

  package func externalId(of order: Order) -> String { String(order.number) }
  package func externalId(of line: Line) -> String { String(line.id.number) }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    guard limit.admit(at: now) else { return refusal(429, of: request, at: now) }
    guard request.headers["authorization"] == "Basic " + token else {
      return refusal(401, of: request, at: now)
    }
    switch (request.method, request.path.count, request.path.dropFirst().first) {
    case ("GET", 2, "orders"): return orders(request, at: now)
    case ("GET", 3, "orders"): return order(request, at: now)
    case ("GET", 2, "listings"): return listings(request, at: now)
    case ("GET", 3, "listings"), ("POST", 3, "listings"): return listing(request, at: now)
    case ("GET", 2, "sav"): return careFolders(request, at: now)
    case ("GET", 3, "sav"): return careFolder(request, at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    guard status != 429 else {
      return Response(
        429, headers: [("Content-Type", "text/html")], body: Array("<html>Error 1015</html>".utf8),
        readAt: now)
    }
    let body: JSON = [
      "error": ["code": .string("E\(status)"), "message": .string("The request was refused: \(status).")]
    ]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ json: JSON, at now: Timestamp) -> Response {
    Response(200, headers: [Self.json], body: json.bytes, readAt: now)
  }

  /// A page of results; nil when the parameters are not allowed.
  func page(
    _ request: Request, largest: Int, usual: Int,
    _ read: (_ offset: Int, _ limit: Int) -> ([JSON], total: Int)
  ) -> JSON? {
    guard let number = Int(request.query["page"] ?? "1"), (1...100_000).contains(number),
      let size = Int(request.query["page-size"] ?? String(usual)), (1...largest).contains(size)
    else { return nil }
    let (results, total) = read((number - 1) * size, size)
    let path = "/" + request.path.joined(separator: "/")
    return [
      "count": .integer(total), "next": number * size < total ? .string("\(path)?page=\(number + 1)") : nil,
      "previous": number > 1 ? .string("\(path)?page=\(number - 1)") : nil, "results": .array(results),
    ]
  }

  private static let json = (name: "Content-Type", value: "application/json")
}

extension AccountPlan {
  static let backMarket = AccountPlan(
    name: "backmarket", number: 11,
    adapt: { behaviour in
      // Shown once paid, never merged, delivered or edited; a line can be cancelled. Nobody would tell us of a seller's
      // own change of stock before the next reconciliation.
      behaviour.paysAtOnce = true
      (behaviour.merged, behaviour.silentlyCancelled, behaviour.delivered) = (0, 0, 0)
      (behaviour.droppedLines, behaviour.disputed) = (1, 0.05)
      (behaviour.sellerChanges, behaviour.restocks) = (0, false)
    },
    open: { market, seed, _ in BackMarketShop(market: market, seed: seed) })
}
