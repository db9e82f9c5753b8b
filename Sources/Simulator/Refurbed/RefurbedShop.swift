package import JSON
package import Time

/// A Refurbed account as the simulator speaks it: every call is `POST /refb.merchant.v1.<Service>/<Method>` with a JSON
/// body and `Authorization: Plain <token>` (else 401). Errors are `{"code":<gRPC code>,"message","details":[]}`.
///
/// `OrderService/ListOrders` and `OfferService/ListOffers` take `pagination {limit ≤ 100, starting_after}`, `sort {by: ID,
/// order: ASC|DESC}` and `filter` (orders: `released_at {ge, gt, le, lt}`, `state {any_of}`) and answer `{"orders"|"offers":[…],
/// "has_more"}`. `OrderService/GetOrder {id}` → `{"order":ORDER}`. Nothing tells when an order changed.
///
///     ORDER = {"id":"100023","released_at":"…","state":"NEW|ACCEPTED|SHIPPED|CANCELLED","customer_email","shipping_address":{…},
///       "currency_code":"EUR","total_charged":"54.98","total_paid","total_refunded","total_vat_charged","items":[{"id":"…",
///       "order_id","name","state","sku","total_charged","offer_data":{"offer_id","shipping_costs"},"parcel_tracking_url"}]}
///
/// `OfferService/GetOffer {identifier:{id|sku}}` and `UpdateOffer {identifier, stock}` → `{"offer":{"id","sku","stock",
/// "instance_name","state","reference_price","reference_currency_code"}}`.
package struct RefurbedShop: Shop {
  package var market: Market
  private let token: String

  package init(market: Market, seed: UInt64) {
    self.market = market
    var dice = Dice(seed: seed ^ 0x5EFB)
    token = dice.identifier().description
  }

  package var name: String { "refurbed" }
  package var platform: String { "refurbed" }
  package var dialect: String? { nil }
  package var prefix: String { "refurbed" }
  package var currency: String { "EUR" }
  package var credentials: JSON { ["token": .string(token)] }

  package func externalId(of order: Order) -> String { String(order.number) }
  package func externalId(of line: Line) -> String { String(line.id.number) }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    guard request.headers["authorization"] == "Plain " + token else {
      return refusal(401, of: request, at: now)
    }
    guard request.method == "POST", let body = try? JSON.parse(request.body), case .object = body else {
      return refusal(400, of: request, at: now)
    }
    switch request.path {
    case ["refb.merchant.v1.OrderService", "ListOrders"]: return orders(body, of: request, at: now)
    case ["refb.merchant.v1.OrderService", "GetOrder"]: return order(body, of: request, at: now)
    case ["refb.merchant.v1.OfferService", "ListOffers"]: return offers(body, of: request, at: now)
    case ["refb.merchant.v1.OfferService", "GetOffer"], ["refb.merchant.v1.OfferService", "UpdateOffer"]:
      return offer(body, of: request, at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let code =
      switch status {
      case 400: 3
      case 401: 16
      case 404: 5
      case 429: 8
      default: 14
      }
    let body: JSON = [
      "code": .integer(code), "message": .string("The request was refused: \(status)."), "details": [],
    ]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ json: JSON, at now: Timestamp) -> Response {
    Response(200, headers: [Self.json], body: json.bytes, readAt: now)
  }

  /// A page of what has ids; nil when the pagination is not allowed.
  func page<Thing>(
    _ things: [Thing], id: (Thing) -> Int64, _ body: JSON, named member: String, json: (Thing) -> JSON
  ) -> JSON? {
    let limit = body["pagination"]["limit"].isNull ? 100 : body["pagination"]["limit"].integer ?? 0
    guard (1...100).contains(limit) else { return nil }
    let descends = body["sort"]["order"].text == "DESC"
    let after = body["pagination"]["starting_after"].integer
    let behind = things.sorted { descends ? id($0) > id($1) : id($0) < id($1) }
      .filter { thing in after.map { descends ? id(thing) < $0 : id(thing) > $0 } ?? true }
    let page = behind.prefix(Int(limit))
    return [member: .array(page.map(json)), "has_more": .bool(behind.count > page.count)]
  }

  private static let json = (name: "Content-Type", value: "application/json")
}

extension AccountPlan {
  static let refurbed = AccountPlan(
    name: "refurbed", number: 12,
    adapt: { behaviour in
      // Released once paid, one piece an item, never edited, merged or delivered. Nobody would tell us of a seller's own
      // change of stock before the next reconciliation.
      behaviour.paysAtOnce = true
      behaviour.largestQuantity = 1
      (behaviour.edited, behaviour.merged, behaviour.silentlyCancelled, behaviour.delivered) = (0, 0, 0, 0)
      (behaviour.sellerChanges, behaviour.restocks) = (0, false)
    },
    open: { market, seed, _ in RefurbedShop(market: market, seed: seed) })
}
