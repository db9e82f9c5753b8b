import JSON
import Lane
import Marketplaces
import Testing

/// Inputs from real life that nothing may break on, from the marketplace's answer to the tables. Those that Shopify's
/// webhooks bring are in DeliveredInputsTests; input 13 is that of StoreTests.
@Suite struct PolledInputsTests {
  @Test func `input 1: the same order under two event ids is sold once`() async throws {
    try await Way.with { way in
      way.script.answer("/order/events", Said.events([(1, "BOUGHT", "f-1"), (2, "BOUGHT", "f-1")]))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)]))
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(try await way.stock() == "SKU-1 -2")
      #expect(try await way.orders() == "f-1 paid 2")
      #expect(try await way.messages("order_confirmation") == "1")
    }
  }

  @Test func `input 2: the same milestone twice tells the buyer once`() async throws {
    try await Way.with { way in
      way.script.answer(
        "/order/events",
        Said.events([(1, "READY_FOR_PROCESSING", "f-1"), (2, "READY_FOR_PROCESSING", "f-1")]))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)]))
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(try await way.messages("payment_confirmation") == "1")
    }
  }

  @Test(arguments: [
    [(1, "BOUGHT", "f-1"), (2, "BUYER_CANCELLED", "f-1")],
    [(1, "AUTO_CANCELLED", "f-1"), (2, "BOUGHT", "f-1")],
  ])
  func `input 3: cancelled before ready, and before it was created, sells nothing`(
    events: [(Int, String, String)]
  ) async throws {
    try await Way.with { way in
      way.script.answer("/order/events", Said.events(events))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)], status: "CANCELLED"))
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(["", "SKU-1 0"].contains(try await way.stock()))
      #expect(try await way.orders() == "")
    }
  }

  @Test func `input 5: an order whose event never comes is found in the list`() async throws {
    try await Way.with { way in
      way.script.answer("/order/events", Said.events([]))
      way.script.answer("/order/checkout-forms", ["checkoutForms": [Said.form("f-1", [("li-1", 2)])]])
      try await way.poll(.orderEvents)
      try await way.poll(.orders)
      try await way.work()
      #expect(try await way.orders() == "f-1 paid 2")
      #expect(try await way.stock() == "SKU-1 -2")
    }
  }

  @Test func `input 6: two orders that merge under a new id are sold once`() async throws {
    try await Way.with { way in
      way.script.answer("/order/events", Said.events([(1, "BOUGHT", "f-1"), (2, "BOUGHT", "f-2")]))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)]))
      way.script.answer("/order/checkout-forms/f-2", Said.form("f-2", [("li-2", 1)]))
      try await way.poll(.orderEvents)
      try await way.work()
      way.script.answer("/order/events", Said.events([(3, "BOUGHT", "f-3"), (4, "FILLED_IN", "f-1")]))
      for gone in ["f-1", "f-2"] {
        way.script.answer("/order/checkout-forms/" + gone) { _ in Script.Answer(404, "{}") }
      }
      way.script.answer(
        "/order/checkout-forms/f-3",
        Said.form("f-3", [("li-1", 2), ("li-2", 1)], updatedAt: "2026-01-01T12:00:09Z"))
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(try await way.stock() == "SKU-1 -3")
    }
  }

  @Test func `input 7: orders of one moment are all read, also across the pages`() async throws {
    try await Way.with { way in
      let forms = (1...5).map { Said.form("f-\($0)", [("li-\($0)", 1)]) }
      way.script.answer("/order/checkout-forms") { call in
        func number(_ name: String) -> Int {
          call.query.first { $0.name == name }.flatMap { Int($0.value) } ?? 0
        }
        return Script.Answer([
          "checkoutForms": .array(Array(forms.dropFirst(number("offset")).prefix(number("limit"))))
        ])
      }
      try await way.poll(.orders, batchSize: 2)
      try await way.work()
      #expect(try await way.text("SELECT count(*)::text FROM orders") == "5")
      #expect(try await way.stock() == "SKU-1 -5")
    }
  }

  @Test func `input 8: identical stock events change the stock once`() async throws {
    try await Way.with { way in
      way.script.answer("/sale/offer-events", Said.stockEvents([(1, "9"), (2, "9"), (3, "9")]))
      way.script.answer("/sale/product-offers/9", Said.offer("9", available: 5))
      try await way.poll(.offerEvents)
      try await way.work()
      #expect(try await way.stock() == "SKU-1 5")
      #expect(
        try await way.text("SELECT count(*)::text FROM stock_history WHERE quantity_change <> 0") == "1")
    }
  }

  @Test func `input 9: events of offers that never existed are passed over`() async throws {
    try await Way.with { way in
      way.script.answer("/sale/offer-events") { call in
        let cursor = call.query.first { $0.name == "from" }?.value
        return Script.Answer(Said.stockEvents(cursor == nil ? (1...40).map { ($0 + 100, "gone-\($0)") } : []))
      }
      try await way.poll(.offerEvents)
      try await way.work()
      #expect(
        try await way.text("SELECT concat_ws(' ', count(*), min(status)) FROM webhook_events") == "40 skipped"
      )
      #expect(try await way.text("SELECT count(*)::text FROM listings") == "0")
      #expect(try await way.text("SELECT cursor FROM feeds WHERE feed = 'offer-events'") == "event-140")
    }
  }

  @Test func `input 10: behind the retention there is silence and no error`() async throws {
    try await Way.with { way in
      way.script.answer("/sale/offer-events", Said.stockEvents([(1, "9")]))
      way.script.answer("/sale/product-offers/9", Said.offer("9", available: 5))
      try await way.poll(.offerEvents)
      way.script.answer("/sale/offer-events", Said.stockEvents([]))
      #expect(try await way.poll(.offerEvents) == .ack)
      #expect(
        try await way.text("SELECT concat_ws(' ', status, cursor, last_error) FROM feeds") == "active event-1"
      )
    }
  }

  @Test func `input 11: a lost cursor replays history without effect`() async throws {
    try await Way.with { way in
      way.script.answer(
        "/order/events", Said.events([(1, "BOUGHT", "f-1"), (2, "READY_FOR_PROCESSING", "f-1")]))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)]))
      try await way.poll(.orderEvents)
      try await way.work()
      try await way.run("UPDATE feeds SET cursor = NULL")
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(try await way.stock() == "SKU-1 -2")
      #expect(try await way.text("SELECT count(*)::text FROM webhook_events") == "2")
      #expect(try await way.text("SELECT cursor FROM feeds") == "event-2")
    }
  }

  @Test func `input 12: a storm of 429 is not prolonged by retries`() async throws {
    try await Way.with { way in
      way.script.answer("/order/events") { _ in Script.Answer(429, "{}") }
      for _ in 0..<5 {
        guard case .delay(let failure, _) = try await way.poll(.orderEvents) else {
          Issue.record("a limit is waited for")
          return
        }
        #expect(!failure.countsAsAttempt)
      }
      #expect(way.script.calls.count == 1)
    }
  }

  @Test func `input 14: null objects are nothing`() async throws {
    try await Way.with { way in
      var form = Said.form("f-1", [("li-1", 2)]).object
      for name in ["buyer", "payment", "fulfillment", "summary", "delivery"] { form[name] = .null }
      way.script.answer("/order/events", Said.events([(1, "BOUGHT", "f-1")]))
      way.script.answer("/order/checkout-forms/f-1", .object(form))
      try await way.poll(.orderEvents)
      try await way.work()
      #expect(try await way.stock() == "SKU-1 -2")
      #expect(try await way.orders() == "f-1 paid 2")
    }
  }

  @Test(arguments: [
    (403, "<html><body>Please wait</body></html>"), (200, "\n<!DOCTYPE html>"), (200, #"{"events":[{"id""#),
    (200, "\u{1F}\u{8B}gzip"),
  ])
  func `input 24: HTML, half a body and packed bytes stop nothing for good`(status: Int, body: String)
    async throws
  {
    try await Way.with { way in
      way.script.answer("/order/events") { _ in Script.Answer(status, body) }
      // Soon after it would be the same: the feed's schedule is when it is tried again.
      #expect(try await way.poll(.orderEvents) == .ack)
      #expect(try await way.text("SELECT status FROM feeds") == "failing")
      way.script.answer("/order/events", Said.events([(1, "BOUGHT", "f-1")]))
      way.script.answer("/order/checkout-forms/f-1", Said.form("f-1", [("li-1", 2)]))
      #expect(try await way.poll(.orderEvents) == .ack)
      try await way.work()
      #expect(try await way.orders() == "f-1 paid 2")
      #expect(try await way.text("SELECT status FROM feeds") == "active")
    }
  }
}
