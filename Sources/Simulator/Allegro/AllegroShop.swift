package import JSON
package import Time

/// An Allegro account: `AllegroAPI` says what it answers.
package struct AllegroShop: Shop {
  package let account: AllegroAccount
  package var market: Market
  package var letters: [Letter] = []
  var tokens: AllegroTokens
  private var limit: RequestLimit
  private var answered = 0

  /// Access tokens live 12 hours, unless said otherwise.
  package init(
    account: AllegroAccount, market: Market, seed: UInt64, requestsPerMinute: Int = 9000,
    tokenLifetime: Duration = .seconds(43_199)
  ) {
    self.account = account
    self.market = market
    tokens = AllegroTokens(seed: seed, lifetime: tokenLifetime)
    limit = RequestLimit(requestsPerMinute, per: .seconds(60))
  }

  package var name: String { account.rawValue }
  package var platform: String { "allegro" }
  package var dialect: String? { account.dialect.rawValue }
  package var prefix: String { account.prefix }
  package var currency: String { "PLN" }

  package var credentials: JSON {
    [
      "clientId": .string(tokens.clientId), "clientSecret": .string(tokens.clientSecret),
      "refreshToken": .string(tokens.refreshToken), "authorizationCode": .string(tokens.code),
      "redirectUri": .string(tokens.redirectURI),
    ]
  }

  package mutating func answer(_ request: Request, at now: Timestamp) -> Response {
    answered += 1
    var response = admitted(request, at: now)
    response.headers.append(
      ("Trace-Id", String(UInt64(now.microseconds.magnitude) &+ UInt64(answered), radix: 16)))
    response.headers.append(("X-RateLimit-Remaining", String(limit.remaining)))
    return response
  }

  package func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response {
    error(status, of: request, at: now)
  }

  package func isUnrepeatable(_ request: Request) -> Bool {
    request.path.first == "auth"
  }

  private mutating func admitted(_ request: Request, at now: Timestamp) -> Response {
    if request.path.first == "auth" { return authorization(request, at: now) }
    guard isAuthorized(request, at: now) else { return tokenError(401, "invalid_token", at: now) }
    guard limit.admit(at: now) else { return error(429, of: request, at: now) }
    guard Self.accepts(request) else { return error(406, of: request, at: now) }
    switch (request.method, request.path.count, request.path.first, request.path.dropFirst().first) {
    case ("GET", 2, "sale", "offer-events"): return offerEvents(request, at: now)
    case ("GET", 2, "sale", "offers"): return offers(request, at: now)
    case ("GET", 3, "sale", "product-offers"): return offer(request, at: now)
    case ("PATCH", 3, "sale", "product-offers"): return changeOffer(request, at: now)
    case ("GET", 2, "order", "events") where account.hasOrderEvents: return orderEvents(request, at: now)
    case ("GET", 2, "order", "event-stats") where account.hasOrderEvents: return orderEventStats(at: now)
    case ("GET", 2, "order", "checkout-forms"): return checkoutForms(request, at: now)
    case ("GET", 3, "order", "checkout-forms"): return checkoutForm(request, at: now)
    case ("GET", 4, "order", "checkout-forms") where request.path[3] == "shipments":
      return shipments(request, at: now)
    case ("GET", 2, "sale", "issues"): return issues(request, at: now)
    case ("POST", 2, "messaging", "messages"): return send(request, at: now)
    case ("GET", 2, "messaging", "threads"): return threads(request, at: now)
    case ("GET", 4, "messaging", "threads") where request.path[3] == "messages":
      return messages(request, at: now)
    default: return error(404, of: request, at: now)
    }
  }

  private func isAuthorized(_ request: Request, at now: Timestamp) -> Bool {
    guard let value = request.headers["authorization"], value.lowercased().hasPrefix("bearer ") else {
      return false
    }
    return tokens.isAlive(String(value.dropFirst(7)), at: now)
  }

  private static func accepts(_ request: Request) -> Bool {
    guard let accept = request.headers["accept"] else { return true }
    return accept.contains("*/*") || accept.contains("application/vnd.allegro.")
  }
}

extension AllegroShop {
  func reply(_ json: JSONWriter, at now: Timestamp, status: Int = 200) -> Response {
    Response(status, headers: [Self.contentType], body: json.bytes, readAt: now)
  }

  /// The usual error body; the message follows from the status unless given.
  func error(
    _ status: Int, of request: Request, at now: Timestamp, message: String? = nil
  ) -> Response {
    let usual: (code: String, message: String) =
      switch status {
      case 404: ("NOT_FOUND", "Resource not found.")
      case 406: ("NotAcceptableException", "Accept application/vnd.allegro.public.v1+json.")
      case 415: ("UnsupportedMediaTypeException", "Send application/vnd.allegro.public.v1+json.")
      case 422: ("VALIDATION_ERROR", "A parameter is not allowed.")
      case 429: ("TOO_MANY_REQUESTS", "Too Many Requests.")
      case 503: ("SERVICE_UNAVAILABLE", "Service unavailable.")
      default: ("INTERNAL_ERROR", "Something went wrong.")
      }
    let body: JSON = [
      "errors": [
        [
          "code": .string(usual.code), "message": .string(message ?? usual.message), "details": nil,
          "path": .string("/" + request.path.joined(separator: "/")),
          "userMessage": .string(message ?? usual.message), "metadata": [:],
        ]
      ]
    ]
    return Response(status, headers: [Self.contentType], body: body.bytes, readAt: now)
  }

  static let contentType = (
    name: "Content-Type", value: "application/vnd.allegro.public.v1+json;charset=UTF-8"
  )
}
