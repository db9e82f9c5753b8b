import JSON
import Simulator
import Time

/// A seller's program that talks to a shop without a socket, with a token, a minute at a time if need be.
struct AllegroClient {
  var shop: AllegroShop
  var now = Timestamp(secondsSince1970: 1_763_700_000)
  var token = ""

  init(
    _ account: AllegroAccount, seed: UInt64 = 1, behaviour: Behaviour = .busy(ordersPerSecond: 20),
    tokenLifetime: Duration = .seconds(43_199), requestsPerMinute: Int = 1_000_000
  ) {
    let market = Market(seed: seed, behaviour: behaviour, start: now)
    shop = AllegroShop(
      account: account, market: market, seed: seed, requestsPerMinute: requestsPerMinute,
      tokenLifetime: tokenLifetime)
    token =
      ask(grant: "grant_type=refresh_token&refresh_token=\(refreshToken)").json["access_token"].text ?? ""
  }

  var refreshToken: String { shop.credentials["refreshToken"].text ?? "" }

  /// Lets the market live on.
  mutating func wait(_ duration: Duration) {
    now = now + duration
    shop.market.advance(to: now)
  }

  /// Makes the market quiet: all of its events can be seen.
  mutating func stop() {
    shop.market.stop(at: now)
    wait(.seconds(2))
  }

  mutating func get(_ target: String) -> Response {
    ask(Request("GET", target, headers: headers))
  }

  mutating func patch(_ target: String, _ body: String) -> Response {
    ask(Request("PATCH", target, headers: headers, body: Array(body.utf8)))
  }

  mutating func ask(grant: String) -> Response {
    let (id, secret) = (shop.credentials["clientId"].text ?? "", shop.credentials["clientSecret"].text ?? "")
    let headers = ["authorization": "Basic " + base64("\(id):\(secret)")]
    return ask(Request("POST", "/auth/oauth/token", headers: headers, body: Array(grant.utf8)))
  }

  mutating func ask(_ request: Request) -> Response {
    shop.market.advance(to: now)
    return shop.answer(request, at: now)
  }

  /// All the events of a feed, page by page.
  mutating func events(_ path: String, cursor parameter: String, limit: Int) -> [JSON] {
    var events: [JSON] = []
    while true {
      let cursor = events.last.flatMap { $0["id"].text }.map { "&\(parameter)=\($0)" } ?? ""
      let page = get("\(path)?limit=\(limit)\(cursor)").json
      let more = page["offerEvents"].array + page["events"].array
      events += more
      if more.count < limit { return events }
    }
  }

  private var headers: [String: String] {
    [
      "authorization": "Bearer " + token, "accept": "application/vnd.allegro.public.v1+json",
      "content-type": "application/vnd.allegro.public.v1+json",
    ]
  }
}

/// Base64 with padding, after RFC 4648.
func base64(_ text: String) -> String {
  let digits = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
  let bytes = Array(text.utf8)
  var encoded = ""
  for start in stride(from: 0, to: bytes.count, by: 3) {
    let group = bytes[start..<min(start + 3, bytes.count)]
    let bits = group.reduce(0) { $0 << 8 | Int($1) } << (8 * (3 - group.count))
    for place in 0..<4 {
      encoded.append(place <= group.count ? digits[bits >> (18 - 6 * place) & 63] : "=")
    }
  }
  return encoded
}
