import Events
import HTTPTypes
import JSON
import Outbox
import Postgres
import Testing

struct StockTests {
  @Test func `goods that come in are one event, however often the request is sent`() async throws {
    try await Office.with { office in
      let name = try #require(HTTPField.Name("Idempotency-Key"))
      let body = #"{"sku":"NEW","marketplaceId":7,"quantity":5,"notes":"pallet 3"}"#
      for _ in 1...3 {
        let answer = try await office.ask(.post, "/api/v1/stock/topup", body: body, headers: [name: "k"])
        #expect(answer.status == 202 && answer.headers[.location] == "/api/webhooks/events/2", "\(answer)")
      }
      let events = try await office.database.withConnection { connection in
        try connection.query("SELECT messages FROM outbox ORDER BY id")
          .flatMap { try Packet.messages(in: $0.bytes(0)) }.map { try Event.decode($0.body) }
      }
      let topup = Topup(sku: "NEW", quantity: 5, adminId: "owner", notes: "pallet 3")
      #expect(events.count == 1 && events[0].topup == topup)
      #expect(try await office.count("SELECT count(*) FROM activity_log WHERE kind = 'stock.topup'") == 1)
    }
  }

  @Test(arguments: [
    (#"{"sku":"a","quantity":5}"#, "marketplaceId"), (#"{"marketplaceId":7,"quantity":5}"#, "sku"),
    (#"{"sku":"a","marketplaceId":7}"#, "quantity"),
    (#"{"sku":"a","marketplaceId":7,"quantity":0}"#, "quantity"),
    (#"{"sku":"other","variationId":1,"marketplaceId":7,"quantity":5}"#, "sku"),
  ])
  func `what is wrong in goods that come in is named`(body: String, field: String) async throws {
    try await Office.with { office in
      let answer = try await office.ask(.post, "/api/v1/stock/topup", body: body)
      #expect(answer.status == 400 && answer.json["errors"][0]["field"].text == field, "\(answer)")
    }
  }

  @Test func `history is shown by the marketplaces' clocks, page after page`() async throws {
    try await Office.with { office in
      try await office.run(
        """
        INSERT INTO stock_history (marketplace_stock_id, variation_id, marketplace_id, quantity_before,
          quantity_after, quantity_change, change_type, occurred_at)
        SELECT 1, 1, 7, n, n + 1, 1, 'topup', '2026-01-01T12:00:00Z'::timestamptz - (n / 2) * interval '1 s'
          FROM generate_series(1, 25) AS n
        """)
      var seen: [Int64] = []
      var path: String? = "/api/v1/stock/1/history?limit=4"
      while let next = path {
        let page = try await office.ask(.get, next)
        seen += page.json["items"].array.compactMap { $0["id"].integer }
        path = page.json["next"].text.map { "/api/v1/stock/1/history?limit=4&cursor=\($0)" }
      }
      #expect(seen.count == 25 && Set(seen).count == 25)
      #expect(seen.first == 1 && seen.last == 24)
    }
  }

  @Test func `a sync reads all listings, or those of a variation anew`() async throws {
    try await Office.with { office in
      try await office.run(
        """
        INSERT INTO listings (connection_id, external_id, variation_id, sku)
        VALUES ('\(Office.account)', 'l-1', 1, 'hidden-sku')
        """)
      let all = try await office.ask(.post, "/api/v1/stock/sync", body: #"{"marketplaceId":7}"#)
      #expect(all.status == 202 && all.json["data"]["runs"].array.count == 1)
      let one = try await office.ask(.post, "/api/v1/stock/sync", body: #"{"variationId":1}"#)
      #expect(one.status == 202)
      #expect(try await office.ask(.post, "/api/v1/stock/sync", body: #"{"variationId":9}"#).status == 404)
      #expect(try await office.count("SELECT count(*) FROM poll_runs WHERE feed = 'listings'") == 2)
    }
  }
}
