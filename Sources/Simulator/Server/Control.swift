import JSON
import Time

/// The routes that no marketplace has: the truth, and the hand on the switch. They know no faults.
///
/// `GET /truth/stock[?account=A]` → `[{"account","platform","listingId","sku","quantity","title","price",
/// "active"}]`
/// `GET /truth/orders[?account=A]` → `[{"account","platform","externalId","number","status" (new, paid, shipped,
/// fulfilled, refunded, cancelled),"cancelled","mergedInto":null|"<externalId>","total","currency","placedAt",
/// "updatedAt","lines":[{"externalId","listingId","sku","quantity"}]}]`
/// `GET /truth/messages[?account=A]` → `[{"account","platform","buyer","text","sentAt"}]`: what was written to buyers
/// `GET /truth/disputes[?account=A]` → `[{"account","platform","orderId","openedAt","told"}]`; `told`: a webhook tells of it
/// `GET /truth/summary[?account=A]` → `{"accounts":[{"account","quiet","listings","stock","orders","aliveOrders",
/// "cancelledOrders","mergedOrders","versions","orderEvents","offerEvents","announcedEvents","inconsistency":null|"…"}]}`;
/// `orders` counts those that are there (alive and cancelled), not the merged-away ones
/// `GET /truth/webhooks[?account=A]` → `[{"account","id","state":"waiting"|"delivered"|"given_up"}]`
/// `GET /control/accounts` → `[{"name","platform","dialect","baseURL","credentials":{…}}]`
/// `POST /control/stop`, `/control/start` `[?account=A]` → the summary; stop answers (after a good second) when
/// nothing moves any more but by what is asked of the marketplace, and every event is visible
/// `POST /control/orders[?account=A]` `{"count":N}` → `{"placed":n}`: N in each account, at once
/// `POST /control/webhooks?account=A` `{"url":"http://…"}` → `{"url":"…"}`: the account delivers the webhooks of all that
/// happens from now on to that address, signed with its `webhookSecret`
/// `POST /control/faults` `{"level":"none"|"some"|"storm"|"slow"|"flapping"|"limiting"|"pages"|"idle"}` → `{"level":"…"}`
/// `POST /control/clock[?account=A]` `{"ahead":S}` → `{"ahead":S}`: the marketplaces' clocks jump ahead by S seconds
struct Control: Sendable {
  let accounts: [Account]

  /// The answer, or nil when the path is none of these.
  func answer(_ request: Request, origin: String) async -> Response? {
    let chosen = accounts.filter { request.query["account"] == nil || request.query["account"] == $0.name }
    switch (request.method, request.path) {
    case ("GET", ["truth", "stock"]): return await list(chosen) { await $0.stock(at: $1) }
    case ("GET", ["truth", "orders"]): return await list(chosen) { await $0.orders(at: $1) }
    case ("GET", ["truth", "messages"]): return await list(chosen) { await $0.letters(at: $1) }
    case ("GET", ["truth", "disputes"]): return await list(chosen) { await $0.disputes(at: $1) }
    case ("GET", ["truth", "summary"]): return await summary(chosen)
    case ("GET", ["truth", "webhooks"]): return await webhooks(of: chosen)
    case ("GET", ["control", "accounts"]): return await connections(chosen, origin: origin)
    case ("POST", ["control", "stop"]):
      return await stop(chosen)
    case ("POST", ["control", "start"]):
      for account in chosen { await account.start(at: .now()) }
      return await summary(chosen)
    case ("POST", ["control", "orders"]): return await placeOrders(request, in: chosen)
    case ("POST", ["control", "webhooks"]): return await subscribe(request, to: chosen)
    case ("POST", ["control", "faults"]): return await setFaults(request, of: chosen)
    case ("POST", ["control", "clock"]): return await jump(request, chosen)
    case (_, let path) where path.first == "truth" || path.first == "control":
      return refuse(404, "no such route: \(request.method) /\(path.joined(separator: "/"))")
    default: return nil
    }
  }

  private func list(
    _ accounts: [Account], _ elements: (Account, Timestamp) async -> [UInt8]
  ) async -> Response {
    let now = Timestamp.now()
    var body = [UInt8(ascii: "[")]
    for account in accounts {
      let more = await elements(account, now)
      if body.count > 1, !more.isEmpty { body.append(UInt8(ascii: ",")) }
      body.append(contentsOf: more)
    }
    body.append(UInt8(ascii: "]"))
    return Response(200, headers: [Self.contentType], body: body, readAt: now)
  }

  private func stop(_ accounts: [Account]) async -> Response {
    var allVisibleAt = Timestamp.now()
    for account in accounts { allVisibleAt = max(allVisibleAt, await account.stop(at: .now())) }
    try? await Task.sleep(for: allVisibleAt - .now())
    return await summary(accounts)
  }

  private func summary(_ accounts: [Account]) async -> Response {
    let now = Timestamp.now()
    var summaries: [JSON] = []
    for account in accounts {
      let (summary, isQuiet, inconsistency) = await account.summary(at: now)
      summaries.append([
        "account": .string(account.name), "quiet": .bool(isQuiet), "inconsistency": .text(inconsistency),
        "listings": .integer(summary.listings), "stock": .integer(summary.stock),
        "orders": .integer(summary.orders), "aliveOrders": .integer(summary.aliveOrders),
        "cancelledOrders": .integer(summary.cancelledOrders), "mergedOrders": .integer(summary.mergedOrders),
        "versions": .integer(summary.versions), "orderEvents": .integer(summary.orderEvents),
        "offerEvents": .integer(summary.offerEvents), "announcedEvents": .integer(summary.announcedEvents),
      ])
    }
    return reply(["accounts": .array(summaries)], readAt: now)
  }

  private func webhooks(of accounts: [Account]) async -> Response {
    var webhooks: [JSON] = []
    for account in accounts { webhooks += await account.webhooks }
    return reply(.array(webhooks), readAt: .now())
  }

  private func connections(_ accounts: [Account], origin: String) async -> Response {
    var connections: [JSON] = []
    for account in accounts { connections.append(await account.connection(origin: origin)) }
    return reply(.array(connections), readAt: .now())
  }

  private func placeOrders(_ request: Request, in accounts: [Account]) async -> Response {
    guard let body = try? JSON.parse(request.body), let count = body["count"].integer,
      (1...1_000_000).contains(count)
    else { return refuse(400, "count: a whole number from 1 to 1000000 is needed, as in {\"count\":10}") }
    var placed = 0
    for account in accounts { placed += await account.placeOrders(Int(count), at: .now()) }
    return reply(["placed": .integer(placed)], readAt: .now())
  }

  private func subscribe(_ request: Request, to accounts: [Account]) async -> Response {
    guard let body = try? JSON.parse(request.body), let url = body["url"].text, url.hasPrefix("http") else {
      return refuse(400, "url: an address is needed, as in {\"url\":\"http://127.0.0.1:3411/webhook/…\"}")
    }
    for account in accounts { await account.subscribe(at: url) }
    return reply(["url": .string(url)], readAt: .now())
  }

  private func setFaults(_ request: Request, of accounts: [Account]) async -> Response {
    guard let body = try? JSON.parse(request.body),
      let level = body["level"].text.flatMap(FaultLevel.init(rawValue:))
    else {
      return refuse(
        400,
        "level: one of \(FaultLevel.allCases.map(\.rawValue).joined(separator: ", ")) is needed, as in {\"level\":\"some\"}"
      )
    }
    for account in accounts { await account.setFaults(level) }
    return reply(["level": .string(level.rawValue)], readAt: .now())
  }

  private func jump(_ request: Request, _ accounts: [Account]) async -> Response {
    guard let body = try? JSON.parse(request.body), let seconds = body["ahead"].integer,
      (0...3_600).contains(seconds)
    else { return refuse(400, "ahead: whole seconds from 0 to 3600 are needed, as in {\"ahead\":10}") }
    for account in accounts { await account.jump(by: .seconds(seconds)) }
    return reply(["ahead": .integer(seconds)], readAt: .now())
  }

  private func reply(_ json: JSON, readAt: Timestamp) -> Response {
    Response(200, headers: [Self.contentType], body: json.bytes, readAt: readAt)
  }

  private func refuse(_ status: Int, _ sentence: String) -> Response {
    Response(
      status, headers: [("Content-Type", "application/problem+json")],
      body: (["status": .integer(status), "title": .string(sentence)] as JSON).bytes, readAt: .now())
  }

  private static let contentType = (name: "Content-Type", value: "application/json")
}
