import JSON
import Time

/// The OAuth endpoints of the shop's administration.
extension ShopifyShop {
  mutating func authorization(_ request: Request, at now: Timestamp) -> Response {
    switch (request.method, request.path.last) {
    case ("GET", "authorize"): return authorize(request, at: now)
    case ("POST", "access_token"): return token(request, at: now)
    default: return refusal(404, of: request, at: now)
    }
  }

  /// The owner says yes at once.
  private mutating func authorize(_ request: Request, at now: Timestamp) -> Response {
    guard request.query["client_id"] == clientId, let redirect = request.query["redirect_uri"],
      request.query["scope"]?.contains("read_orders") ?? false
    else { return reply(400, ["error": "invalid_request"], at: now) }
    let code = String(dice.next(), radix: 16)
    codes.insert(code)
    let query = "?code=\(code)&state=" + PercentCoding.encode(request.query["state"] ?? "")
    return Response(302, headers: [("Location", redirect + query)], readAt: now)
  }

  private mutating func token(_ request: Request, at now: Timestamp) -> Response {
    let form = request.form
    guard form["client_id"] == clientId, form["client_secret"] == clientSecret, let code = form["code"],
      codes.remove(code) != nil
    else { return reply(400, ["error": "invalid_request"], at: now) }
    return reply(200, ["access_token": .string(accessToken), "scope": "read_orders"], at: now)
  }
}
