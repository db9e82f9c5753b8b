package import JSON
package import Time

/// A Square merchant: `Authorization: Bearer`, JSON, errors as `{"errors":[{category, code, detail}]}`.
///
/// `GET /v2/locations` · `POST /v2/orders/search` (location_ids; filter by `updated_at`, sorted by it; limit, cursor) ·
/// `GET /v2/orders/{id}` · `POST /v2/catalog/search` (ITEM_VARIATION; limit, cursor, include_related_objects) ·
/// `POST /v2/orders/batch-retrieve` (order_ids, at most 100) · `POST /v2/catalog/batch-retrieve` (object_ids) ·
/// `POST /v2/catalog/object` (an ITEM with one variation, with an idempotency_key and, for one that is there, its
/// version) · `DELETE /v2/catalog/object/{id}` · `POST /v2/inventory/counts/batch-retrieve` (catalog_object_ids or
/// updated_after; limit, cursor) · `POST /v2/inventory/changes/batch-create` (PHYSICAL_COUNT, with an idempotency_key) ·
/// `GET /v2/disputes` · `GET /v2/payments/{id}`.
///
/// Each listing is an item with one variation, counted at two locations; a line's uid counts within its order. Money is
/// whole minor units, quantities are decimal strings.
package struct SquareShop: Shop {
  package var market: Market
  package let name = "square"
  package let prefix = "square"
  package let dialect: String? = nil
  package let currency = "EUR"
  private let accessToken: String
  let signatureKey: String
  /// Where it delivers its webhooks; nil for nowhere.
  var webhookURL: String?
  /// How far it has told what became visible.
  var toldOrders: Int64?
  var toldOffers: Int64?
  var toldDisputes = DisputeCursor()
  private var limit: RequestLimit
  /// Writes that were done, by their key: a repetition has no effect.
  var doneKeys: Set<String> = []
  /// The answers to writes of the catalogue, by their key.
  var upserted: [String: JSON] = [:]

  package init(market: Market, seed: UInt64, requestsPerMinute: Int) {
    self.market = market
    var dice = Dice(seed: seed ^ 0x5351)
    accessToken = "EAAA" + String(dice.next(), radix: 36) + String(dice.next(), radix: 36)
    signatureKey = String(dice.next(), radix: 36) + String(dice.next(), radix: 36)
    limit = RequestLimit(requestsPerMinute, per: .seconds(60))
  }

  package var platform: String { "square" }

  package var credentials: JSON {
    ["accessToken": .string(accessToken), "webhookSecret": .string(signatureKey)]
  }

  package func externalId(of line: Line, in order: Order) -> String { "\(order.id)/\(line.id)" }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    guard request.headers["authorization"] == "Bearer " + accessToken else {
      return refusal(401, of: request, at: now)
    }
    guard limit.admit(at: now) else { return refusal(429, of: request, at: now) }
    let body = (try? JSON.parse(request.body)) ?? .null
    let path = request.path.dropFirst().joined(separator: "/")
    guard request.path.first == "v2" else { return refusal(404, of: request, at: now) }
    switch (request.method, path) {
    case ("GET", "locations"): return reply(["locations": .array(Self.locations)], at: now)
    case ("POST", "orders/search"): return searchOrders(body, of: request, at: now)
    case ("POST", "orders/batch-retrieve"):
      let places = body["order_ids"].array.prefix(100).compactMap { id in
        id.text.flatMap { Identifier($0) }.flatMap { market.orderIds[$0] }
      }
      return reply(["orders": .array(places.map(order))], at: now)
    case ("POST", "catalog/search"): return reply(searchCatalog(body), at: now)
    case ("POST", "catalog/batch-retrieve"): return reply(retrieveCatalog(body), at: now)
    case ("POST", "catalog/object"): return upsert(body, of: request, at: now)
    case ("DELETE", _) where request.path.count == 4 && path.hasPrefix("catalog/object/"):
      return deleteObject(request.path[3], of: request, at: now)
    case ("POST", "inventory/counts/batch-retrieve"): return reply(counts(body), at: now)
    case ("POST", "inventory/changes/batch-create"): return changeCounts(body, of: request, at: now)
    case ("GET", "disputes"): return reply(disputes(after: request.query["cursor"]), at: now)
    case ("GET", _) where request.path.count == 3 && request.path[1] == "orders":
      guard let place = Identifier(request.path[2]).flatMap({ market.orderIds[$0] }) else {
        return refusal(404, of: request, at: now)
      }
      return reply(["order": order(place)], at: now)
    case ("GET", _) where request.path.count == 3 && request.path[1] == "payments":
      guard let place = market.orders.firstIndex(where: { $0.paymentId.description == request.path[2] })
      else {
        return refusal(404, of: request, at: now)
      }
      return reply(
        [
          "payment": [
            "id": .string(request.path[2]), "order_id": .string(externalId(of: market.orders[place])),
          ]
        ],
        at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let code =
      switch status {
      case 400: "INVALID_VALUE"
      case 401: "UNAUTHORIZED"
      case 404: "NOT_FOUND"
      case 429: "RATE_LIMITED"
      case 503: "SERVICE_UNAVAILABLE"
      default: "INTERNAL_SERVER_ERROR"
      }
    return refusal(status, code: code, at: now)
  }

  func refusal(_ status: Int, code: String, at now: Timestamp) -> Response {
    let body: JSON = ["errors": [["category": "API_ERROR", "code": .string(code), "detail": "Not done."]]]
    return Response(status, headers: [Self.contentType], body: body.bytes, readAt: now)
  }

  /// Counts are written under a key, and what is written twice is the same.
  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ json: JSON, at now: Timestamp) -> Response {
    Response(200, headers: [Self.contentType], body: json.bytes, readAt: now)
  }

  private static let contentType = (name: "Content-Type", value: "application/json")
  private static let locations: [JSON] = places.map {
    ["id": .string($0), "name": .string($0), "status": "ACTIVE", "currency": "EUR"]
  }

  /// The ids of the locations.
  static let places = ["LFRONT0000001", "LBACK00000002"]

  func money(_ hundredths: Int) -> JSON { ["amount": .integer(hundredths), "currency": .string(currency)] }
}

extension AccountPlan {
  /// Every change of an order moves its `updated_at`, orders don't merge, and nothing is told of strangers.
  static let square = AccountPlan(
    name: "square", number: 21,
    adapt: { behaviour in
      (behaviour.merged, behaviour.silentlyCancelled, behaviour.strangers) = (0, 0, 0)
      behaviour.disputed = 0.05
    },
    open: { market, seed, configuration in
      SquareShop(market: market, seed: seed, requestsPerMinute: configuration.requestsPerMinute)
    })
}
