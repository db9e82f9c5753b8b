import Gateway
import HTTPTypes
import JSON
import Testing

struct ListTests {
  @Test func `pages follow each other until all is shown, for a seller and for an operator`() async throws {
    try await Office.with { office in
      for number in 1...24 { try await office.addOrder("o-\(number)") }
      for role in [Caller.Role.seller, .operator] {
        var seen: [Int64] = []
        var path: String? = "/api/v1/orders?limit=10"
        while let next = path {
          let page = try await office.ask(.get, next, role)
          seen += page.json["items"].array.compactMap { $0["id"].integer }
          path = page.json["next"].text.map { "/api/v1/orders?limit=10&cursor=\($0)" }
        }
        #expect(seen == (1...25).reversed())
      }
    }
  }

  @Test func `an order tells its events and who is done with them, and what they did`() async throws {
    try await Office.with { office in
      try await office.run("UPDATE webhook_events SET subject = 'order/820982911946154508'")
      try await office.run(
        """
        INSERT INTO inbox (consumer, event_time, message_id)
        SELECT q, occurred_at, message_id FROM webhook_events, unnest(ARRAY['order-sync', 'messaging']) q
        """)
      try await office.run(
        """
        INSERT INTO event_failures (message_id, queue, error_class, error, attempts)
        VALUES ('m', 'stock-ledger', 'bad_data', 'no such listing', 1)
        """)
      let order = try await office.ask(.get, "/api/v1/orders/820982911946154508").json
      let event = order["events"][0]
      #expect(event["event_id"].text == "hidden-event" && order["events"].array.count == 1)
      #expect(event["processed_by"].array.compactMap { $0["consumer"].text } == ["messaging", "order-sync"])
      #expect(event["failures"][0]["error"].text == "no such listing")
      #expect(order["stock_changes"] == [] && order["messages"] == [] && order["disputes"] == [])
    }
  }

  @Test func `a connection tells how its feeds stand and what went wrong last`() async throws {
    try await Office.with { office in
      try await office.run(
        """
        INSERT INTO feeds (connection_id, feed, status, last_error)
        VALUES ('\(Office.account)', 'orders', 'failing', 'it answered 500')
        """)
      try await office.run("UPDATE poll_runs SET error = 'it answered 500'")
      try await office.run(
        "INSERT INTO breakers (connection_id, error_class, failures) VALUES ('\(Office.account)', 'network', 2)"
      )
      let account = try await office.ask(.get, "/api/v1/connections/\(Office.account)").json
      #expect(account["feeds"][0]["last_error"].text == "it answered 500")
      #expect(
        account["runs"][0]["error"].text == "it answered 500" && account["breakers"][0]["failures"] == 2)
      #expect(account["secrets"].isNull && account["push_failures"] == [])
    }
  }

  @Test func `a path that is named goes before one that would capture it, also for what it allows`()
    async throws
  {
    try await Office.with { office in
      let answer = try await office.ask(.options, "/api/v1/stock/sync")
      #expect(answer.status == 405 && answer.headers[.allow] == "POST")
    }
  }

  @Test func `a list that has not changed is not sent again`() async throws {
    try await Office.with { office in
      let first = try await office.ask(.get, "/api/v1/orders")
      let tag = try #require(first.headers[.eTag])
      #expect(try await office.ask(.get, "/api/v1/orders", headers: [.ifNoneMatch: tag]).status == 304)
      try await office.addOrder("another")
      #expect(try await office.ask(.get, "/api/v1/orders", headers: [.ifNoneMatch: tag]).status == 200)
    }
  }

  @Test func `an order is found by our number and by the marketplace's id, however long`() async throws {
    try await Office.with { office in
      let long = "92233720368547758079223372036854775807"
      try await office.addOrder(long)
      #expect(try await office.ask(.get, "/api/v1/orders/1").json["number"].text == "hidden-1001")
      #expect(try await office.ask(.get, "/api/v1/orders/820982911946154508").json["id"] == 1)
      #expect(try await office.ask(.get, "/api/v1/orders/\(long)").json["external_id"].text == long)
      #expect(try await office.ask(.get, "/api/v1/orders/99999999999999999999").status == 404)
      #expect(try await office.ask(.get, "/api/v1/stock/99999999999999999999").status == 404)
    }
  }

  @Test func `an id that two marketplaces have needs the connection`() async throws {
    try await Office.with { office in
      let second = "6f1c0000-0000-4000-8000-000000000002"
      try await office.run(
        """
        INSERT INTO platform_connections (id, user_id, platform, name, base_url)
        VALUES ('\(second)', 'owner', 'allegro', 'second', 'http://localhost')
        """)
      try await office.addOrder("820982911946154508", number: "other", account: second)
      let unclear = try await office.ask(.get, "/api/v1/orders/820982911946154508")
      #expect(unclear.status == 409 && unclear.body.contains("connectionId"))
      let clear = try await office.ask(.get, "/api/v1/orders/820982911946154508?connectionId=\(second)")
      #expect(clear.json["number"].text == "other")
    }
  }

  @Test(arguments: [
    ("/api/v1/orders?limit=0", "limit"), ("/api/v1/orders?limit=many", "limit"),
    ("/api/v1/orders?cursor=nonsense", "cursor"), ("/api/v1/orders?status=lost", "status"),
    ("/api/v1/orders?colour=red", "colour"), ("/api/v1/stock?sku=%00", "sku"),
    ("/api/v1/stock?connectionId=7", "connectionId"), ("/api/webhooks/events?status=gone", "status"),
    ("/api/v1/orders?cursor=eyJpZCI6Im5vIn0", "cursor"),
  ])
  func `what is wrong in a query is named`(path: String, field: String) async throws {
    try await Office.with { office in
      let answer = try await office.ask(.get, path)
      #expect(answer.status == 400 && answer.json["errors"][0]["field"].text == field, "\(answer)")
    }
  }
}
