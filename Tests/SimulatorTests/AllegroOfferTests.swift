import JSON
import Simulator
import Testing
import Time

@Suite struct AllegroOfferTests {
  @Test func `the listing of offers is the truth about the stock`() throws {
    var client = AllegroClient(.live)
    client.wait(.seconds(30))
    var offers: [JSON] = []
    while true {
      let page = client.get("/sale/offers?limit=60&offset=\(offers.count)").json
      offers += page["offers"].array
      if page["totalCount"].integer == Int64(offers.count) { break }
      try #require(!page["offers"].array.isEmpty)
    }
    let truth = try client.truth("stock")
    #expect(offers.count == 200 && truth.count == 200)
    let stock = Dictionary(uniqueKeysWithValues: truth.map { ($0["sku"], $0) })
    for offer in offers {
      let listing = stock[offer["external"]["id"]] ?? .null
      #expect(offer["stock"]["available"] == listing["quantity"] && offer["id"] == listing["listingId"])
      let single = client.get("/sale/product-offers/\(offer["id"].text ?? "")").json
      #expect(single["stock"]["available"] == listing["quantity"])
    }
    let found = client.get("/sale/offers?external.id=SKU-0017").json
    #expect(found["count"] == 1 && found["offers"][0]["external"]["id"] == "SKU-0017")
  }

  @Test func `a write of the stock is seen at once, and announced`() throws {
    var client = AllegroClient(.documented, behaviour: .init(ordersPerSecond: 0))
    let id = try #require(client.get("/sale/offers?external.id=SKU-0003").json["offers"][0]["id"].text)
    let answer = client.patch("/sale/product-offers/\(id)", #"{"stock":{"available":77},"name":"kept"}"#)
    #expect(answer.status == 200 && answer.json["stock"]["available"] == 77)
    #expect(answer.json["external"]["id"] == "SKU-0003" && answer.json["name"] != "kept")
    client.stop()
    let events = client.get("/sale/offer-events").json["events"].array
    #expect(events.contains { $0["offer"]["id"].text == id })
    #expect(client.shop.market.inconsistency == nil)
  }

  @Test func `an offer without stock has ended, and is active again with some`() throws {
    var client = AllegroClient(.live, behaviour: .init(ordersPerSecond: 0))
    let id = try #require(client.get("/sale/offers?limit=1").json["offers"][0]["id"].text)
    #expect(
      client.patch("/sale/product-offers/\(id)", #"{"stock":{"available":0}}"#).json["publication"]["status"]
        == "ENDED")
    #expect(
      client.patch("/sale/product-offers/\(id)", #"{"stock":{"available":9}}"#).json["publication"]["status"]
        == "ACTIVE")
    client.stop()
    let types = Set(client.get("/sale/offer-events").json["offerEvents"].array.compactMap { $0["type"].text })
    #expect(types == ["OFFER_STOCK_CHANGED", "OFFER_ENDED", "OFFER_ACTIVATED"])
  }

  @Test(arguments: [
    #"{"stock":{"available":-1}}"#, #"{"stock":{"available":1.5}}"#, #"{"stock":{"available":"3"}}"#, "[]",
    "{", "",
  ])
  func `a stock that can't be is 422 and changes nothing`(body: String) throws {
    var client = AllegroClient(.live, behaviour: .init(ordersPerSecond: 0))
    let before = try client.truth("stock")
    let id = before[0]["listingId"].text ?? ""
    #expect(client.patch("/sale/product-offers/\(id)", body).status == 422)
    #expect(try client.truth("stock") == before)
  }

  @Test func `what does not exist, or is asked for in the wrong way, is refused`() {
    var client = AllegroClient(.live)
    #expect(client.get("/sale/product-offers/1").status == 404)
    #expect(client.patch("/sale/product-offers/1", #"{"stock":{"available":1}}"#).status == 404)
    #expect(client.get("/sale/offers?limit=1001").status == 422)
    #expect(client.get("/no/such/path").status == 404)
    let json = ["authorization": "Bearer " + client.token, "accept": "application/json"]
    #expect(client.ask(Request("GET", "/sale/offers", headers: json)).status == 406)
  }

  @Test func `more requests than a minute allows are 429, and asking on prolongs it`() {
    var client = AllegroClient(.live, behaviour: .init(ordersPerSecond: 0), requestsPerMinute: 10)
    #expect((1...10).allSatisfy { _ in client.get("/sale/offers").status == 200 })
    let refused = client.get("/sale/offers")
    #expect(refused.status == 429 && refused.json["errors"][0]["code"] == "TOO_MANY_REQUESTS")
    #expect(refused.header("Retry-After") == nil && refused.header("X-RateLimit-Remaining") == "0")
    for _ in 0..<20 { _ = client.get("/sale/offers") }
    client.wait(.seconds(60))
    #expect(client.get("/sale/offers").status == 429)
    client.wait(.seconds(30))
    #expect(client.get("/sale/offers").status == 200)
  }
}
