import AsyncHTTPClient
import JSON
import Logging
import ServiceLifecycle
import Simulator
import Testing
import Time

@Suite(.timeLimit(.minutes(2))) struct SimulatorTests {
  @Test func `who only knows the port finds the accounts, and reads and writes through them`() async throws {
    try await withSimulator(ordersPerSecond: 60) { site in
      let accounts = try await site.json("GET", "/control/accounts").array
      #expect(accounts.map { $0["name"].text } == Site.accountNames)
      for account in accounts {
        let client = try await site.seller(account)
        let offers = try await client.send("GET", "/sale/offers?limit=1000")
        #expect(offers.status == 200 && offers.json["offers"].array.count == 200)
        let date = try #require(offers.date)
        #expect(date <= .now() && date > .now() - .seconds(10))
        let id = offers.json["offers"][0]["id"].text ?? ""
        let body = #"{"stock":{"available":500}}"#
        let written = try await client.send("PATCH", "/sale/product-offers/\(id)", body: body)
        #expect(written.status == 200)
      }
    }
  }

  @Test func `stopped, every event is there and the truth stands still`() async throws {
    try await withSimulator(ordersPerSecond: 200) { site in
      _ = try await site.json("POST", "/control/orders", body: #"{"count":50}"#)
      let stopped = try await site.json("POST", "/control/stop")["accounts"].array
      #expect(stopped.count == Site.accountNames.count)
      for account in stopped {
        #expect(
          account["quiet"] == true && account["announcedEvents"] == 0 && account["inconsistency"].isNull)
        #expect(account["orders"].integer ?? 0 >= 50)
      }
      let truth = try await site.json("GET", "/truth/orders")
      #expect(try await site.json("GET", "/truth/orders") == truth)
      #expect(try await site.json("GET", "/truth/stock?account=allegro-live").array.count == 200)
      #expect(
        try await site.json("POST", "/control/orders?account=allegro-live", body: #"{"count":2}"#)["placed"]
          == 2)
      let started = try await site.json("POST", "/control/start")["accounts"].array
      #expect(started.allSatisfy { $0["quiet"] == false })
    }
  }

  @Test func `in a storm, a client that tries again reads everything there is`() async throws {
    try await withSimulator(ordersPerSecond: 300, faults: .storm) { site in
      _ = try await site.json("POST", "/control/orders?account=allegro-documented", body: #"{"count":300}"#)
      _ = try await site.json("POST", "/control/stop")
      let accounts = try await site.json("GET", "/control/accounts?account=allegro-documented").array
      let client = try await site.seller(accounts[0])
      var seen: Set<JSON> = []
      var cursor = ""
      while true {
        let page = try await client.patiently("GET", "/order/events?limit=100\(cursor)")
        for event in page["events"].array { seen.insert(event["order"]["id"]) }
        cursor = "&after=\(page["lastEventId"].text ?? "")"
        if page["events"].array.count < 100 { break }
      }
      let truth = try await site.json("GET", "/truth/orders?account=allegro-documented").array
      #expect(truth.count >= 300 && seen == Set(truth.map { $0["externalId"] }))
    }
  }

  @Test func `a write whose answer is lost may have happened, and a fault never changes anything else`()
    async throws
  {
    try await withSimulator(ordersPerSecond: 0, faults: .storm) { site in
      let accounts = try await site.json("GET", "/control/accounts?account=allegro-live").array
      let client = try await site.seller(accounts[0])
      let before = try await site.json("GET", "/truth/stock?account=allegro-live").array
      let id = before[5]["listingId"].text ?? ""
      var failures = 0
      for quantity in 1...60 {
        let body = #"{"stock":{"available":\#(quantity)}}"#
        let answer = try? await client.send("PATCH", "/sale/product-offers/\(id)", body: body)
        let now = try await site.json("GET", "/truth/stock?account=allegro-live").array[5]["quantity"]
        if answer?.status == 200, answer?.json["stock"]["available"].isNull == false {
          #expect(now == .integer(quantity))
        } else {
          failures += 1
          #expect((now.integer ?? -1) <= quantity)
        }
      }
      #expect(failures > 0)
      let after = try await site.json("GET", "/truth/stock?account=allegro-live").array
      #expect(zip(before, after).enumerated().allSatisfy { $0.offset == 5 || $0.element.0 == $0.element.1 })
      _ = try await site.json("POST", "/control/faults", body: #"{"level":"none"}"#)
      #expect(try await client.send("GET", "/sale/offers").status == 200)
    }
  }

  @Test func `an idle marketplace answers that it was done, and does nothing`() async throws {
    try await withSimulator(ordersPerSecond: 0) { site in
      let accounts = try await site.json("GET", "/control/accounts?account=allegro-live").array
      let client = try await site.seller(accounts[0])
      let before = try await site.json("GET", "/truth/stock?account=allegro-live").array
      _ = try await site.json("POST", "/control/faults", body: #"{"level":"idle"}"#)
      let answer = try await client.send(
        "PATCH", "/sale/product-offers/\(before[5]["listingId"].text ?? "")",
        body: #"{"stock":{"available":7777}}"#)
      #expect(answer.status == 200 && answer.json["stock"]["available"] == 7777)
      #expect(try await site.json("GET", "/truth/stock?account=allegro-live").array == before)
    }
  }

  @Test func `what is not understood is refused in a sentence`() async throws {
    try await withSimulator(ordersPerSecond: 0) { site in
      let nowhere = try await site.send("GET", "/nothing/here")
      #expect(nowhere.status == 404)
      let noTruth = try await site.send("GET", "/truth/nothing")
      #expect(noTruth.status == 404)
      let noCount = try await site.send("POST", "/control/orders", body: #"{"count":0}"#)
      #expect(noCount.status == 400)
      let noLevel = try await site.send("POST", "/control/faults", body: "storm")
      #expect(noLevel.status == 400)
    }
  }
}
