import JSON
import Time

/// The OAuth endpoints.
extension EbayShop {
  mutating func token(_ request: Request, at now: Timestamp) -> Response {
    let basic = "Basic " + Base64.encode("\(clientId):\(clientSecret)")
    guard request.headers["authorization"].map({ String($0.prefix { $0 != "=" }) }) == basic else {
      return tokenError(401, "invalid_client", at: now)
    }
    let form = request.form
    var body: JSON = ["token_type": "User Access Token", "expires_in": .integer(lifetime.components.seconds)]
    switch form["grant_type"] {
    case "refresh_token" where form["refresh_token"] == refreshToken: break
    case "authorization_code":
      guard let code = form["code"], let redirect = codes.removeValue(forKey: code),
        redirect == form["redirect_uri"]
      else { return tokenError(400, "invalid_grant", at: now) }
      body["refresh_token"] = .string(refreshToken)
      body["refresh_token_expires_in"] = .integer(18 * 30 * 86_400)
    default: return tokenError(400, "invalid_grant", at: now)
    }
    let access = "v^1.1#" + dice.identifier().description
    tokens[access] = now + lifetime
    body["access_token"] = .string(access)
    return reply(body, at: now)
  }

  /// The owner says yes at once.
  mutating func authorize(_ request: Request, at now: Timestamp) -> Response {
    guard request.method == "GET", request.query["response_type"] == "code",
      request.query["client_id"] == clientId, let redirect = request.query["redirect_uri"],
      request.query["scope"]?.contains("sell.fulfillment") ?? false
    else { return tokenError(400, "invalid_request", at: now) }
    let code = "v^1.1#" + dice.identifier().description
    codes[code] = redirect
    // A RuName stands for an address that the application has registered.
    let address = redirect.contains("://") ? redirect : "https://registered.example/" + redirect
    let query =
      "?code=" + PercentCoding.encode(code) + "&state=" + PercentCoding.encode(request.query["state"] ?? "")
    return Response(302, headers: [("Location", address + query)], readAt: now)
  }

  private func tokenError(_ status: Int, _ error: String, at now: Timestamp) -> Response {
    Response(status, headers: [Self.json], body: (["error": .string(error)] as JSON).bytes, readAt: now)
  }
}
