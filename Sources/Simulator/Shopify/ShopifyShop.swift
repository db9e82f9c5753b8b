package import JSON
package import Time

/// A Shopify shop: `POST /admin/api/{version}/graphql.json` with `X-Shopify-Access-Token`.
///
/// Queries: `shop`, `orders(first, after, query)` and `products(first, after, query, reverse)` by their last change,
/// `productVariants(first, after, query)` by id, `order(id)`, `productVariant(id)`, `inventoryItem(id)`, `nodes(ids)` of
/// orders, `webhookSubscriptions`. Mutations: `inventorySetQuantities` (name "available"; every quantity with
/// `changeFromQuantity`; the directive `@idempotent`), `productSet` (by handle), `productUpdate`,
/// `productVariantsBulkUpdate`, `productDelete`, `webhookSubscriptionCreate`, `webhookSubscriptionDelete`.
///
/// `GET /admin/oauth/authorize?client_id&scope&redirect_uri&state` sends the browser back with a code, for which
/// `POST /admin/oauth/access_token` gives the access token.
///
/// A query costs points (`extensions.cost`): one over 1000 is refused with MAX_COST_EXCEEDED, one that the bucket has
/// no points for with THROTTLED; both with status 200, like all that GraphQL refuses. Each listing is a product with one
/// variant, stocked at two locations. Removed lines stay, with a `currentQuantity` of 0 and without a variant.
package struct ShopifyShop: Shop {
  package var market: Market
  package let name = "shopify"
  package let prefix = "shopify"
  package let dialect: String? = nil
  package let currency = "EUR"
  var points = ShopifyPoints()
  var subscriptions: [ShopifySubscription] = []
  let accessToken: String
  let webhookSecret: String
  /// Our application there.
  let (clientId, clientSecret): (String, String)
  /// The codes that were not used yet.
  var codes: Set<String> = []
  var dice: Dice
  /// How far it has told what became visible.
  var toldOrders: Int64?
  var toldOffers: Int64?
  var toldDisputes = DisputeCursor()
  /// The answers to mutations that had a key, so that a repetition has no effect.
  var doneByKey: [String: JSON] = [:]
  /// Places of listings, by the handle that they were made under.
  var handles: [String: Int] = [:]
  /// The orders by the numbers that Shopify gives them; as many of the market's as were looked at.
  private var places: [String: Int] = [:]
  private var placed = 0

  package init(market: Market, seed: UInt64) {
    self.market = market
    var dice = Dice(seed: seed ^ 0x5055)
    accessToken = "shpat_" + String(dice.next(), radix: 16) + String(dice.next(), radix: 16)
    webhookSecret = "shpss_" + String(dice.next(), radix: 16)
    clientId = String(dice.next(), radix: 16)
    clientSecret = "shpss_" + String(dice.next(), radix: 16)
    self.dice = dice
  }

  package var platform: String { "shopify" }

  package var credentials: JSON {
    [
      "accessToken": .string(accessToken), "webhookSecret": .string(webhookSecret),
      "clientId": .string(clientId), "clientSecret": .string(clientSecret),
    ]
  }

  package func externalId(of order: Order) -> String { Self.number(order.id) }
  package func externalId(of line: Line) -> String { Self.number(line.id) }

  /// Sixty bits, more than a `Double` holds exactly.
  private static func number(_ id: Identifier) -> String { String(id.low >> 4 | 1 << 59) }

  /// The place of the order of that number; nil when there is none.
  mutating func place(ofOrder number: String) -> Int? {
    while placed < market.orders.count {
      places[externalId(of: market.orders[placed])] = placed
      placed += 1
    }
    return places[number]
  }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    if request.path.starts(with: ["admin", "oauth"]) { return authorization(request, at: now) }
    guard request.headers["x-shopify-access-token"] == accessToken else {
      return refusal(401, of: request, at: now)
    }
    guard request.method == "POST", request.path.count == 4, request.path.starts(with: ["admin", "api"]),
      request.path[3] == "graphql.json"
    else { return refusal(404, of: request, at: now) }
    guard let body = try? JSON.parse(request.body), let query = body["query"].text else {
      return refusal(400, of: request, at: now)
    }
    return reply(200, answer(query, body["variables"], at: now), at: now)
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let text =
      switch status {
      case 401: "[API] Invalid API key or access token (unrecognized login or wrong password)"
      case 404: "Not Found"
      case 429: "Throttled"
      default: "Something went wrong"
      }
    return reply(status, ["errors": .string(text)], at: now)
  }

  /// Every mutation here can be repeated: those of stock by their key.
  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ status: Int, _ json: JSON, at now: Timestamp) -> Response {
    Response(
      status, headers: [("Content-Type", "application/json; charset=utf-8")], body: json.bytes, readAt: now)
  }

  // MARK: GraphQL

  private mutating func answer(_ query: String, _ variables: JSON, at now: Timestamp) -> JSON {
    var cost = 0
    do throws(GraphQLProblem) {
      let fields = try GraphQLReader.fields(of: query, variables: variables)
      cost = max(1, fields.reduce(0) { $0 + $1.cost })
      guard cost <= ShopifyPoints.mostPerQuery else {
        throw GraphQLProblem(
          "Query cost is \(cost), which exceeds the single query max cost limit (\(ShopifyPoints.mostPerQuery)).",
          code: "MAX_COST_EXCEEDED")
      }
      guard points.take(cost, at: now) else { throw GraphQLProblem("Throttled", code: "THROTTLED") }
      var data: [String: JSON] = [:]
      for field in fields { data[field.key] = try field.select(from: try value(of: field, at: now)) }
      let actual = min(cost, ShopifyPoints.cost(of: .object(data)))
      points.giveBack(cost - actual)
      return ["data": .object(data), "extensions": points.report(requested: cost, actual: actual)]
    } catch {
      let extensions: JSON = error.code.map { ["code": .string($0)] } ?? [:]
      return [
        "errors": [["message": .string(error.message), "extensions": extensions]],
        "extensions": points.report(requested: cost, actual: nil),
      ]
    }
  }

  private mutating func value(of field: GraphQLField, at now: Timestamp) throws(GraphQLProblem) -> JSON {
    let id = field.arguments["id"]?.text?.split(separator: "/").last.map { String($0) } ?? ""
    switch field.name {
    case "shop": return ["name": .string(name), "currencyCode": .string(currency)]
    case "orders": return try orders(field)
    case "order": return place(ofOrder: id).map { order(market.orders[$0]) } ?? nil
    case "nodes":
      let ids = (field.arguments["ids"]?.array ?? []).map { $0.text?.split(separator: "/").last ?? "" }
      return .array(ids.map { place(ofOrder: String($0)).map { order(market.orders[$0]) } ?? nil })
    case "products": return try products(field)
    case "productVariants": return try variants(field)
    case "productVariant": return listing(id, offset: 0).map(variant) ?? nil
    case "inventoryItem":
      return listing(id, offset: ShopifyNumber.item).map { ["variant": variant($0)] } ?? nil
    case "inventorySetQuantities": return setQuantities(field, at: now)
    case "productSet": return setProduct(field, at: now)
    case "productUpdate": return updateProduct(field, at: now)
    case "productVariantsBulkUpdate": return updateVariants(field, at: now)
    case "productDelete": return deleteProduct(field, at: now)
    case "webhookSubscriptions": return ["nodes": .array(subscriptions.map(\.json))]
    case "webhookSubscriptionCreate": return subscribe(field)
    case "webhookSubscriptionDelete": return unsubscribe(field)
    default:
      throw GraphQLProblem("Field '\(field.name)' doesn't exist on type 'QueryRoot'", code: "undefinedField")
    }
  }

  /// The place of a listing that is not gone.
  func listing(_ number: String, offset: Int64) -> Int? {
    Int64(number).flatMap { market.listingIds[$0 - offset] }.flatMap { market.listings[$0].isGone ? nil : $0 }
  }
}

/// The ids of what belongs to a listing: its number with something added.
enum ShopifyNumber {
  static let product: Int64 = 100_000_000_000
  static let item: Int64 = 30_000_000_000_000

  static func global(_ kind: String, _ number: some BinaryInteger) -> JSON {
    .string("gid://shopify/\(kind)/\(number)")
  }
}
