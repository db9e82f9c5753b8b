package import JSON
package import Time

/// An eBay account as the simulator speaks it, with `Authorization: Bearer <access token>` (else 401). Errors are
/// `{"errors":[{"errorId","message"}]}`.
///
/// `POST /identity/v1/oauth2/token`, form-encoded, `Authorization: Basic base64(clientId:clientSecret)`,
/// `grant_type=refresh_token&refresh_token=…` → `{"access_token","expires_in","token_type"}`; the refresh token stays. It
/// comes with the first access token for `grant_type=authorization_code&code=…&redirect_uri=…`, with a code that
/// `GET /oauth2/authorize?response_type=code&client_id&redirect_uri&state&scope` sends the browser back with.
///
/// `GET /sell/fulfillment/v1/order?filter=lastmodifieddate:[from..to]&limit=50&offset=0` (limit at most 200; the end may be
/// left out) → `{"total","limit","offset","orders":[ORDER]}`, the newest first; only what was paid is there.
/// `GET …/order/{id}` → ORDER; `GET …/order/{id}/shipping_fulfillment` → `{"fulfillments":[{"shipmentTrackingNumber",
/// "shippingCarrierCode"}],"total"}`.
///
///     ORDER = {"orderId":"12-100023-77777","creationDate","lastModifiedDate","orderPaymentStatus":"PAID|FULLY_REFUNDED",
///       "orderFulfillmentStatus":"NOT_STARTED|FULFILLED","cancelStatus":{"cancelState":"NONE_REQUESTED|CANCELED","cancelledDate"},
///       "buyer":{"username"},"pricingSummary":{"total":{"value","currency"},"deliveryCost":{…}},"fulfillmentStartInstructions":
///       [{"shippingStep":{"shipTo":{"fullName","email"}}}],"lineItems":[{"lineItemId","sku","title","quantity","legacyItemId",
///       "lineItemCost":{of all pieces}}]}
///
/// `GET /sell/inventory/v1/inventory_item?limit&offset`, `…/inventory_item/{sku}`,
/// `POST /sell/inventory/v1/bulk_update_price_quantity` `{"requests":[{"sku","shipToLocationAvailability":{"quantity"}}]}`.
///
/// `GET /sell/fulfillment/v1/payment_dispute_summary?open_date_from&limit&offset` → `{"total","paymentDisputeSummaries":
/// [{"paymentDisputeId","paymentDisputeStatus","openDate","reason","orderId","buyerUsername"}]}`.
/// `POST /commerce/message/v1/send_message` `{"otherPartyUsername","messageText","reference":{"referenceId","referenceType"}}` →
/// `{"messageId"}`; text of 2,000 characters at most. `GET …/conversation?conversation_type=FROM_MEMBERS&other_party_username` →
/// `{"conversations":[{"conversationId"}]}`, `GET …/conversation/{id}` → `{"messages":[{"messageBody","recipientUsername","createdDate"}]}`.
package struct EbayShop: Shop {
  package var market: Market
  package var letters: [Letter] = []
  var tokens: [String: Timestamp] = [:]
  /// The codes that were not used yet, with the address that each was given for.
  var codes: [String: String] = [:]
  var dice: Dice
  let lifetime: Duration
  let (clientId, clientSecret, refreshToken): (String, String, String)

  package init(market: Market, seed: UInt64, tokenLifetime: Duration = .seconds(7_200)) {
    self.market = market
    dice = Dice(seed: seed ^ 0xEBA1)
    lifetime = tokenLifetime
    clientId = dice.identifier().description
    clientSecret = dice.identifier().description
    refreshToken = "v^1.1#" + dice.identifier().description
  }

  package var name: String { "ebay" }
  package var platform: String { "ebay" }
  package var dialect: String? { nil }
  package var prefix: String { "ebay" }
  package var currency: String { "EUR" }
  package var credentials: JSON {
    [
      "clientId": .string(clientId), "clientSecret": .string(clientSecret),
      "refreshToken": .string(refreshToken),
    ]
  }

  package func externalId(of listing: Listing) -> String { listing.sku }
  package func externalId(of order: Order) -> String { "12-\(order.number)-77777" }
  package func externalId(of line: Line) -> String { String(line.id.number) }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    if request.path == ["identity", "v1", "oauth2", "token"] { return token(request, at: now) }
    if request.path == ["oauth2", "authorize"] { return authorize(request, at: now) }
    let token = request.headers["authorization"].flatMap { $0.hasPrefix("Bearer ") ? $0.dropFirst(7) : nil }
    guard let expiry = token.flatMap({ tokens[String($0)] }), now < expiry else {
      return refusal(401, of: request, at: now)
    }
    let path = Array(request.path.dropFirst(3))
    switch (request.method, Array(request.path.prefix(3)), path.count, path.first) {
    case ("GET", ["sell", "fulfillment", "v1"], 1, "order"): return orders(request, at: now)
    case ("GET", ["sell", "fulfillment", "v1"], 2, "order"): return order(path[1], request, at: now)
    case ("GET", ["sell", "fulfillment", "v1"], 3, "order") where path[2] == "shipping_fulfillment":
      return fulfillments(of: path[1], request, at: now)
    case ("GET", ["sell", "inventory", "v1"], 1, "inventory_item"): return inventory(request, at: now)
    case ("GET", ["sell", "inventory", "v1"], 2, "inventory_item"): return item(path[1], request, at: now)
    case ("POST", ["sell", "inventory", "v1"], 1, "bulk_update_price_quantity"):
      return changeQuantities(request, at: now)
    case ("GET", ["sell", "fulfillment", "v1"], 1, "payment_dispute_summary"):
      return disputes(request, at: now)
    case ("POST", ["commerce", "message", "v1"], 1, "send_message"): return send(request, at: now)
    case ("GET", ["commerce", "message", "v1"], 1, "conversation"): return conversations(request, at: now)
    case ("GET", ["commerce", "message", "v1"], 2, "conversation"):
      return conversation(with: path[1], at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    let body: JSON = [
      "errors": [["errorId": .integer(status), "message": .string("The request was refused: \(status).")]]
    ]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool { false }

  func reply(_ json: JSON, at now: Timestamp) -> Response {
    Response(200, headers: [Self.json], body: json.bytes, readAt: now)
  }

  static let json = (name: "Content-Type", value: "application/json")
}

extension AccountPlan {
  static let ebay = AccountPlan(
    name: "ebay", number: 14,
    adapt: { behaviour in
      // There once paid, never edited, merged or known to have arrived. Nobody would tell us of a seller's own change of
      // stock before the next reconciliation.
      behaviour.paysAtOnce = true
      (behaviour.edited, behaviour.merged, behaviour.silentlyCancelled, behaviour.delivered) = (0, 0, 0, 0)
      (behaviour.sellerChanges, behaviour.restocks) = (0, false)
      behaviour.disputed = 0.05
    },
    open: { market, seed, configuration in
      EbayShop(market: market, seed: seed, tokenLifetime: min(configuration.tokenLifetime, .seconds(7_200)))
    })
}
