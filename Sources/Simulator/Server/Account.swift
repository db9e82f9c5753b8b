package import JSON
package import Time

/// A shop as the server holds it: one request at a time, with the faults of the line before it.
package actor Account {
  /// The parts of the shop that never change.
  package nonisolated let name: String
  package nonisolated let platform: String
  package nonisolated let prefix: String
  private var shop: any Shop
  private var faults: FaultPlan
  private var deliveries: [String: DeliveryState] = [:]
  /// How far its clock is ahead of ours.
  private var ahead: Duration = .zero

  package init(shop: any Shop, faults: FaultPlan) {
    (name, platform, prefix) = (shop.name, shop.platform, shop.prefix)
    (self.shop, self.faults) = (shop, faults)
  }

  /// Lets the market live until then.
  package func advance(to moment: Timestamp) {
    let now = moment + ahead
    shop.market.advance(to: now)
  }

  /// The answer, faults included. Faults never change the truth beyond what the request itself does.
  package func answer(_ request: Request, at moment: Timestamp) -> Response {
    let now = moment + ahead
    shop.market.advance(to: now)
    let fault = faults.next(at: now)
    switch fault {
    case nil: return shop.answer(request, at: now)
    case .status(let status, let retryAfter):
      var response = shop.refusal(status, of: request, at: now)
      if let retryAfter { response.headers.append(("Retry-After", String(retryAfter))) }
      return response
    case .html(let status):
      return Response(
        status, headers: [("Content-Type", "text/html; charset=utf-8")], body: Array(Self.page.utf8),
        readAt: now)
    case .cutBefore:
      return cut(at: now)
    case .cutAfter where shop.isUnrepeatable(request), .truncated where shop.isUnrepeatable(request):
      return cut(at: now)
    case .cutAfter:
      var response = shop.answer(request, at: now)
      response.passage = .cut
      return response
    case .truncated:
      var response = shop.answer(request, at: now)
      response.passage = .truncated
      return response
    case .ignored:
      // A value: what the request did to the shop is gone with the copy.
      let unchanged = shop
      let response = shop.answer(request, at: now)
      if !shop.isUnrepeatable(request) { shop = unchanged }
      return response
    case .slow(let duration):
      var response = shop.answer(request, at: now)
      response.passage = .slow(duration)
      return response
    }
  }

  private func cut(at now: Timestamp) -> Response {
    var response = Response(503, readAt: now)
    response.passage = .cut
    return response
  }

  /// When all of its events can be seen.
  package func stop(at moment: Timestamp) -> Timestamp {
    shop.market.stop(at: moment + ahead)
    return shop.market.allVisibleAt - ahead
  }

  package func start(at moment: Timestamp) { shop.market.start(at: moment + ahead) }

  /// Puts its clock forward; it never goes back.
  package func jump(by duration: Duration) { ahead += max(duration, .zero) }

  /// Delivers its webhooks to that address from now on: those of what is yet to happen.
  package func subscribe(at url: String) {
    _ = shop.webhooks(at: .now() + ahead)
    shop.subscribeToAll(at: url)
  }

  /// The webhooks to be delivered now.
  package func webhooks(at moment: Timestamp) -> [OutgoingWebhook] {
    shop.market.advance(to: moment + ahead)
    return shop.webhooks(at: moment + ahead)
  }

  func note(_ webhook: String, is state: DeliveryState) { deliveries[webhook] = state }

  /// What has become of its webhooks.
  var webhooks: [JSON] {
    deliveries.map { id, state in
      ["account": .string(name), "id": .string(id), "state": .string(state.rawValue)]
    }
  }

  package func setFaults(_ level: FaultLevel) { faults.level = level }

  /// How many were placed.
  package func placeOrders(_ count: Int, at now: Timestamp) -> Int {
    shop.market.placeOrders(count, at: now + ahead)
  }

  package func summary(at now: Timestamp) -> (summary: Market.Summary, isQuiet: Bool, inconsistency: String?)
  {
    shop.market.advance(to: now + ahead)
    return (shop.market.summary, shop.market.quietSince != nil, shop.market.inconsistency)
  }

  /// The truth about each listing: JSON objects with commas between them.
  package func stock(at now: Timestamp) -> [UInt8] {
    shop.market.advance(to: now + ahead)
    var json = JSONWriter()
    shop.market.writeStock(of: shop, into: &json)
    return json.bytes
  }

  /// The truth about each order: JSON objects with commas between them.
  package func orders(at now: Timestamp) -> [UInt8] {
    shop.market.advance(to: now + ahead)
    var json = JSONWriter()
    shop.market.writeOrders(of: shop, into: &json)
    return json.bytes
  }

  /// The truth about each dispute: JSON objects with commas between them.
  package func disputes(at now: Timestamp) -> [UInt8] {
    shop.market.advance(to: now + ahead)
    var json = JSONWriter()
    shop.market.writeDisputes(of: shop, into: &json)
    return json.bytes
  }

  /// The truth about what buyers were written.
  package func letters(at now: Timestamp) -> [UInt8] {
    list(
      shop.letters.map { ["buyer": .string($0.buyer), "text": .string($0.text), "sentAt": .time($0.sentAt)] })
  }

  /// JSON objects with commas between them, each with the account's name.
  private func list(_ objects: [JSON]) -> [UInt8] {
    let named = objects.map { object in
      var named = object
      (named["account"], named["platform"]) = (.string(name), .string(platform))
      return named
    }
    return Array(JSON.array(named).bytes.dropFirst().dropLast())
  }

  /// How to connect to it; `origin` as in "http://127.0.0.1:8080".
  package func connection(origin: String) -> JSON {
    [
      "name": .string(name), "platform": .string(platform), "dialect": .text(shop.dialect),
      "baseURL": .string("\(origin)/\(prefix)"), "credentials": shop.credentials,
    ]
  }

  private static let page = """
    <!DOCTYPE html><html><head><title>Access denied</title></head><body><h1>Please wait…</h1>\
    <p>We are checking your browser. Reference #18.2f5e1</p></body></html>
    """
}
