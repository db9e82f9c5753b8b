import JSON
import Simulator
import Testing
import Time

@Suite struct AllegroEventTests {
  @Test(arguments: [(AllegroAccount.live, "from"), (.documented, "after")])
  func `page by page every event comes once, in the order of its id`(
    account: AllegroAccount, parameter: String
  ) {
    var client = AllegroClient(account)
    client.wait(.seconds(30))
    for path in ["/sale/offer-events", "/order/events"] {
      let events = client.events(path, cursor: parameter, limit: 100)
      #expect(events.count > 500)
      let ids = events.map { $0["id"].text ?? "" }
      #expect(Set(ids).count == ids.count)
      #expect(client.events(path, cursor: parameter, limit: 1000) == events)
      let times = events.compactMap { $0["occurredAt"].timestamp }
      #expect(
        times.count == events.count && times != times.sorted(), "cursor order is not the order of occurrence")
    }
  }

  @Test(arguments: [(AllegroAccount.live, "after"), (.documented, "from")])
  func `the other dialect's cursor is ignored in silence, and the oldest page comes again`(
    account: AllegroAccount, parameter: String
  ) {
    var client = AllegroClient(account)
    client.wait(.seconds(30))
    let first = client.get("/sale/offer-events?limit=10").json
    let events = first["offerEvents"].array + first["events"].array
    let again = client.get("/sale/offer-events?limit=10&\(parameter)=\(events[9]["id"].text ?? "")").json
    #expect(again["offerEvents"] == first["offerEvents"] && again["events"] == first["events"])
  }

  @Test func `nothing ever appears behind a cursor`() {
    var client = AllegroClient(.live)
    var seen: [JSON] = []
    for _ in 0..<200 {
      client.wait(.milliseconds(170))
      let cursor = seen.last.flatMap { $0["id"].text }.map { "&from=\($0)" } ?? ""
      seen += client.get("/order/events?limit=7\(cursor)").json["events"].array
    }
    #expect(seen == Array(client.events("/order/events", cursor: "from", limit: 1000).prefix(seen.count)))
  }

  @Test func `what is read because of an offer event has a date behind the change`() {
    var client = AllegroClient(.live)
    var seen = ""
    for _ in 0..<300 {
      client.wait(.milliseconds(130))
      let cursor = seen.isEmpty ? "" : "&from=\(seen)"
      for event in client.get("/sale/offer-events?limit=1000\(cursor)").json["offerEvents"].array {
        let date = Timestamp(httpDate: client.now.httpDate) ?? .epoch
        #expect((event["occurredAt"].timestamp ?? client.now) < date)
        seen = event["id"].text ?? ""
      }
    }
    #expect(!seen.isEmpty)
  }

  @Test func `live events look as they do in life`() throws {
    var client = AllegroClient(.live)
    client.wait(.seconds(20))
    client.stop()
    let offers = client.events("/sale/offer-events", cursor: "from", limit: 1000)
    let stock = try #require(offers.first { $0["type"] == "OFFER_STOCK_CHANGED" })
    #expect(
      stock["id"].text?.utf8.count == 22 && stock["offer"]["external"]["id"].text?.hasPrefix("SKU-") == true)
    #expect(stock["offer"]["stock"].isNull)
    let orders = client.events("/order/events", cursor: "from", limit: 1000)
    let types = Set(orders.compactMap { $0["type"].text })
    #expect(
      types == [
        "BOUGHT", "FILLED_IN", "READY_FOR_PROCESSING", "FULFILLMENT_STATUS_CHANGED", "BUYER_MODIFIED",
        "BUYER_CANCELLED", "AUTO_CANCELLED",
      ])
    let order = orders[0]["order"]
    #expect(order["checkoutForm"]["revision"].text?.utf8.count == 8)
    #expect(order["lineItems"][0]["boughtAt"].timestamp != nil)
    let latest = client.get("/order/event-stats").json["latestEvent"]
    #expect(latest["id"] == orders[orders.count - 1]["id"])
  }

  @Test func `documented events carry the order as it stood, and some come again under a new id`() {
    var client = AllegroClient(.documented)
    client.wait(.seconds(60))
    client.stop()
    let events = client.events("/order/events", cursor: "after", limit: 1000)
    let types = Set(events.compactMap { $0["type"].text })
    #expect(
      types.isSuperset(of: ["ORDER_CREATED", "ORDER_PAID", "ORDER_SENT", "ORDER_CANCELLED", "ORDER_REFUNDED"])
    )
    #expect(types.isSuperset(of: ["ORDER_UPDATED", "ORDER_FULFILLED"]))
    var contents: Set<JSON> = []
    let repeated = events.count { !contents.insert([$0["type"], $0["occurredAt"], $0["order"]]).inserted }
    #expect(repeated > 10)
    for event in events where event["type"] == "ORDER_CREATED" {
      #expect(event["order"]["status"] == "NEW" && event["order"]["cancelledAt"].isNull)
    }
    for event in events where event["type"] == "ORDER_CANCELLED" {
      #expect(event["order"]["cancelledAt"] == event["occurredAt"])
    }
    #expect(client.get("/order/events?limit=10").json["lastEventId"] == events[9]["id"])
    let end = events[events.count - 1]["id"].text ?? ""
    #expect(client.get("/order/events?after=\(end)").json["lastEventId"].text == end)
  }

  @Test func `the last version of each order in the events is the truth`() throws {
    var client = AllegroClient(.documented)
    client.wait(.seconds(60))
    client.stop()
    var versions: [String: JSON] = [:]
    for event in client.events("/order/events", cursor: "after", limit: 1000) {
      let order = event["order"]
      let key = { (order: JSON) in
        (order["updatedAt"].timestamp ?? .epoch, order["cancelledAt"].isNull ? 0 : 1)
      }
      let id = try #require(order["id"].text)
      if let known = versions[id], key(known) >= key(order) { continue }
      versions[id] = order
    }
    for truth in try client.truth("orders") where truth["mergedInto"].isNull {
      let order = versions[truth["externalId"].text ?? ""] ?? .null
      #expect(order["cancelledAt"].isNull != truth["cancelled"].bool)
      #expect(order["summary"]["totalToPay"]["amount"] == truth["total"])
      #expect(order["lineItems"].array.map { $0["quantity"] } == truth["lines"].array.map { $0["quantity"] })
      #expect(order["lineItems"].array.map { $0["id"] } == truth["lines"].array.map { $0["externalId"] })
    }
  }

  @Test func `offer events can be narrowed to types, and forget what is older than a day`() {
    var client = AllegroClient(
      .live, behaviour: .busy(ordersPerSecond: 1), tokenLifetime: .seconds(7 * 24 * 3600))
    client.wait(.seconds(600))
    let target = "/sale/offer-events?limit=1000&type=OFFER_PRICE_CHANGED&type=OFFER_CHANGED"
    let types = Set(client.get(target).json["offerEvents"].array.compactMap { $0["type"].text })
    #expect(types == ["OFFER_PRICE_CHANGED", "OFFER_CHANGED"])
    let first = client.get("/sale/offer-events?limit=1").json["offerEvents"][0]["id"].text ?? ""
    client.wait(.seconds(24 * 3600))
    let late = client.get("/sale/offer-events?limit=1&from=\(first)")
    #expect(late.status == 200)
    let oldest = late.json["offerEvents"][0]["occurredAt"].timestamp ?? .epoch
    #expect(oldest > client.now - .seconds(24 * 3600 + 60))
  }

  @Test func `without order events there are none`() {
    var client = AllegroClient(.noEvents)
    client.wait(.seconds(5))
    #expect(client.get("/order/events").status == 404)
    #expect(client.get("/order/event-stats").status == 404)
    #expect(client.get("/sale/offer-events").json["events"].array.isEmpty == false)
    #expect(client.get("/order/checkout-forms").json["checkoutForms"].array.isEmpty == false)
  }

  @Test(arguments: ["limit=0", "limit=1001", "limit=x", "from=%21", "from=bm90LWEtbnVtYmVy"])
  func `a parameter that is not allowed is 422`(query: String) {
    var client = AllegroClient(.live)
    let answer = client.get("/sale/offer-events?" + query)
    #expect(answer.status == 422 && answer.json["errors"][0]["code"] == "VALIDATION_ERROR")
  }
}

extension AllegroClient {
  /// The truth about "stock" or "orders".
  func truth(_ what: String) throws -> [JSON] {
    var json = JSONWriter()
    json.beginArray()
    if what == "stock" {
      shop.market.writeStock(of: shop, into: &json)
    } else {
      shop.market.writeOrders(of: shop, into: &json)
    }
    json.endArray()
    return try JSON.parse(json.bytes).array
  }
}
