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
