import JSON
import Time

/// The OAuth endpoints.
extension AllegroShop {
  mutating func authorization(_ request: Request, at now: Timestamp) -> Response {
    switch (request.method, request.path) {
    case ("POST", ["auth", "oauth", "token"]): return token(request, at: now)
    case ("GET", ["auth", "oauth", "authorize"]): return authorize(request, at: now)
    default: return error(404, of: request, at: now)
    }
  }

  func tokenError(_ status: Int, _ error: String, at now: Timestamp) -> Response {
    let sentence =
      switch error {
      case "invalid_token": "The access token is missing, expired or was replaced."
      case "invalid_client": "The client id and secret are not those of an application."
      case "invalid_grant": "The refresh token or code is unknown, or was used already."
      case "unsupported_grant_type": "The grant type is not known."
      default: "A parameter is missing."
      }
    let body: JSON = ["error": .string(error), "error_description": .string(sentence)]
    return Response(status, headers: [Self.json], body: body.bytes, readAt: now)
  }

  private mutating func token(_ request: Request, at now: Timestamp) -> Response {
    guard request.headers["authorization"] == "Basic " + basic else {
      return tokenError(401, "invalid_client", at: now)
    }
    let form = request.form
    func parameter(_ name: String) -> String? { form[name] ?? request.query[name] }
    let grant: AllegroTokens.Grant?
    switch parameter("grant_type") {
    case "refresh_token":
      guard let token = parameter("refresh_token") else { return tokenError(400, "invalid_request", at: now) }
      grant = tokens.refresh(token, at: now)
    case "authorization_code":
      guard let code = parameter("code") else { return tokenError(400, "invalid_request", at: now) }
      grant = tokens.redeem(code, redirectURI: parameter("redirect_uri"), at: now)
    case "client_credentials": grant = tokens.access(at: now)
    case .some: return tokenError(400, "unsupported_grant_type", at: now)
    case nil: return tokenError(400, "invalid_request", at: now)
    }
    guard let grant else { return tokenError(400, "invalid_grant", at: now) }
    var body: JSON = [
      "access_token": .string(grant.accessToken), "token_type": "bearer",
      "expires_in": .integer(grant.seconds),
      "scope": "allegro:api:orders:read allegro:api:sale:offers:read allegro:api:sale:offers:write",
      "allegro_api": true, "jti": .string(grant.id),
    ]
    if let refreshToken = grant.refreshToken { body["refresh_token"] = .string(refreshToken) }
    return Response(200, headers: [Self.json, ("Cache-Control", "no-store")], body: body.bytes, readAt: now)
  }

  private mutating func authorize(_ request: Request, at now: Timestamp) -> Response {
    guard request.query["response_type"] == "code", request.query["client_id"] == tokens.clientId,
      let redirect = request.query["redirect_uri"]
    else { return tokenError(400, "invalid_request", at: now) }
    var location = redirect + (redirect.contains("?") ? "&" : "?") + "code="
    location += tokens.authorize(redirectURI: redirect)
    if let state = request.query["state"] { location += "&state=" + PercentCoding.encode(state) }
    return Response(302, headers: [("Location", location)], readAt: now)
  }

  private var basic: String {
    let text = Base64.encode("\(tokens.clientId):\(tokens.clientSecret)")
    return text + String(repeating: "=", count: (4 - text.utf8.count % 4) % 4)
  }

  private static let json = (name: "Content-Type", value: "application/json;charset=UTF-8")
}
