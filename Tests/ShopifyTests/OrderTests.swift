import Events
import JSON
import Marketplaces
import Testing
import Time

@Suite struct OrderTests {
  @Test func `an order is read whole, its listing is the variant, its ids keep every digit (17)`()
    async throws
  {
    let shop = ScriptedShopify(["Orders": [page("orders", [order()], next: "c1")]])
    let read = try await shop.orders()
    let asked = try #require(shop.calls.first)
    #expect(asked.call.path == "/admin/api/2026-04/graphql.json")
    #expect(
      asked.variables["query"].text
        == "updated_at:>='2026-01-01T11:00:00Z' AND updated_at:<='2026-01-01T12:00:30Z'")
    let event = try #require(read.events.first)
    #expect(event.type == .orderUpdated && event.marketplaceId == 8 && event.observedAt == at("12:00:10"))
    let found = try #require(event.order)
    #expect(found.externalId == "820982911946154508" && found.number == "#1001" && found.status == .paid)
    #expect(found.total == Money("123.45") && found.shipping == Money("9.99") && found.currency == "EUR")
    #expect(found.lines?.first?.listingId == "39072856" && found.lines?.first?.quantity == 2)
    #expect(read.nextCursor == "c1" && !read.isLast && read.calls == 1)
  }

  @Test func `removed lines stay with zero and without a variant, and do not count (14, 19)`() async throws {
    let edited = order {
      $0["lineItems"]["nodes"] = [line("1", current: 0, variant: nil), line("2", current: 1)]
    }
    let refunds: JSON = [
      [
        "id": "gid://shopify/Order/820982911946154508",
        "refunds": [
          [
            "refundLineItems": [
              "nodes": [
                ["quantity": 2, "restockType": "CANCEL", "lineItem": ["id": "gid://shopify/LineItem/1"]],
                ["quantity": 1, "restockType": "NO_RESTOCK", "lineItem": ["id": "gid://shopify/LineItem/2"]],
              ]
            ]
          ]
        ],
      ]
    ]
    let shop = ScriptedShopify([
      "Orders": [page("orders", [edited])], "Refunds": [["data": ["nodes": refunds]]],
    ])
    let found = try #require(try await shop.orders().events.first?.order)
    #expect(found.lines?.map(\.quantity) == [0, 2], "what was refunded and kept is still gone")
    #expect(found.countedLines?.map(\.externalId) == ["2"] && found.lines?.first?.listingId == nil)
  }

  @Test(arguments: [JSON.number("1.5"), "many", .number("99999999999999999999")])
  func `a quantity that is no whole number keeps its order, as failed (19)`(quantity: JSON) async throws {
    let odd = order { $0["lineItems"]["nodes"] = [line("1", quantity: quantity, current: quantity)] }
    let shop = ScriptedShopify(["Orders": [page("orders", [odd, order("7")])]])
    let read = try await shop.orders()
    #expect(read.items.count == 2 && read.events.map(\.order?.externalId) == ["7"])
  }

  @Test func `money keeps the decimals of its currency (20)`() async throws {
    let amounts: [JSON] = ["70", "123.45", .number("3"), "1234", "1.234"]
    let orders = amounts.enumerated().map { index, amount in
      order(String(index)) { $0["totalPriceSet"] = ["shopMoney": ["amount": amount]] }
    }
    let shop = ScriptedShopify(["Orders": [page("orders", orders)]])
    let totals = try await shop.orders().events.map { $0.order?.total?.text }
    #expect(totals == ["70", "123.45", "3", "1234", "1.234"])
  }

  @Test func `test orders and other financial states are not eligible, but are told`() async throws {
    let orders = [
      order("1") { $0["test"] = true }, order("2") { $0["displayFinancialStatus"] = "VOIDED" },
      order("3") { $0["displayFinancialStatus"] = "PARTIALLY_PAID" },
    ]
    let shop = ScriptedShopify(["Orders": [page("orders", orders)]])
    #expect(try await shop.orders().events.map { $0.order?.eligible } == [false, false, true])
    let all = OrderFilter(allowedStatuses: ["paid"], includesTestOrders: true)
    #expect(try await shop.orders(filter: all).events.map { $0.order?.eligible } == [true, false, false])
  }

  @Test func `an order that changed in the second of the answer is left to the next window`() async throws {
    let orders = [
      order("1") { $0["updatedAt"] = "2026-01-01T12:00:10Z" },
      order("2") { $0["updatedAt"] = "2026-01-01T12:00:09Z" },
      order("3") { $0["updatedAt"] = "2026-01-01T12:00:10.001Z" },
    ]
    let shop = ScriptedShopify(["Orders": [page("orders", orders)]])
    #expect(try await shop.orders().events.map { $0.order?.externalId } == ["2", "3"])
  }

  @Test func `lines beyond the first page are read on`() async throws {
    let first = order {
      $0["lineItems"] = ["nodes": [line("1")], "pageInfo": ["hasNextPage": true, "endCursor": "l1"]]
    }
    let rest: JSON = ["nodes": [line("2")], "pageInfo": ["hasNextPage": false, "endCursor": "l2"]]
    let shop = ScriptedShopify([
      "Orders": [page("orders", [first])], "OrderLines": [["data": ["order": ["lineItems": rest]]]],
    ])
    let read = try await shop.orders()
    #expect(read.events.first?.order?.lines?.map(\.externalId) == ["1", "2"] && read.calls == 2)
    #expect(shop.calls.last?.variables["after"] == "l1")
  }

  @Test func `parcels give tracking, and an order whose parcels all arrived is fulfilled`() async throws {
    let sent = order { order in
      order["displayFulfillmentStatus"] = "FULFILLED"
      order["fulfillments"] = [
        ["displayStatus": "DELIVERED", "trackingInfo": [["company": "DHL", "number": "N1", "url": nil]]]
      ]
    }
    let shop = ScriptedShopify(["Orders": [page("orders", [sent])]])
    let found = try #require(try await shop.orders().events.first?.order)
    #expect(
      found.status == .fulfilled && found.tracking == [Tracking(carrier: "DHL", number: "N1", url: nil)])
  }
}
