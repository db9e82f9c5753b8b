import JSON
import Testing

/// The inputs that webhooks bring.
@Suite struct DeliveredInputsTests {
  @Test func `input 4: an older state after a newer one changes nothing`() async throws {
    try await Way.with { way in
      try await way.webhook("orders/updated", Said.order(updated: "2026-01-01T12:00:05Z", quantity: "3"))
      try await way.webhook("orders/create", Said.order(updated: "2026-01-01T12:00:01Z", quantity: "2"))
      try await way.work()
      #expect(try await way.orders() == "820982911946154508 paid 3")
      #expect(try await way.stock() == "S-1 -3")
    }
  }

  @Test(arguments: [true, false])
  func `input 15: an update before its create ends as after it`(isUpdateFirst: Bool) async throws {
    try await Way.with { way in
      let create = ("orders/create", Said.order(updated: "2026-01-01T12:00:01Z", financial: "pending"))
      let update = ("orders/updated", Said.order(updated: "2026-01-01T12:00:04Z", quantity: "1"))
      for (topic, body) in isUpdateFirst ? [update, create] : [create, update] {
        try await way.webhook(topic, body)
        try await way.work()
      }
      #expect(try await way.orders() == "820982911946154508 paid 1")
      #expect(try await way.stock() == "S-1 -1")
      #expect(try await way.messages("order_confirmation") == "1")
    }
  }

  @Test func `input 16: first seen already cancelled, yet paid, is never deducted`() async throws {
    try await Way.with { way in
      try await way.webhook("orders/updated", Said.order(cancelled: "2026-01-01T12:00:01Z"))
      try await way.work()
      #expect(["", "S-1 0"].contains(try await way.stock()))
      #expect(try await way.orders() == "")
    }
  }

  @Test func `input 17: ids over 2^53 keep every digit`() async throws {
    try await Way.with { way in
      for id in ["9007199254740993", "9007199254740992"] {
        try await way.webhook("orders/create", Said.order(id).replacing("\"id\":11,", with: "\"id\":\(id),"))
      }
      try await way.work()
      #expect(try await way.orders() == "9007199254740992 paid 2, 9007199254740993 paid 2")
      #expect(
        try await way.text(
          "SELECT string_agg(external_id, ' ' ORDER BY external_id) FROM order_entries WHERE kind = 'item'")
          == "9007199254740992 9007199254740993")
    }
  }

  @Test(arguments: [#"\u0026"#, #"a\/b"#, "\u{2028}", "👕", #"\u00e9"#])
  func `input 18: a signature is that of the raw bytes`(title: String) async throws {
    try await Way.with { way in
      let body = Said.order(title: title)
      #expect(try await way.webhook("orders/create", body) == 200)
      try await way.work()
      #expect(try await way.orders() == "820982911946154508 paid 2")
      let written = try JSON.parse(Array(body.utf8)).description
      #expect(written != body)
      #expect(try await way.webhook("orders/create", written, signed: body) == 401)
      #expect(try await way.text("SELECT count(*)::text FROM webhook_events") == "1")
    }
  }

  @Test(arguments: [("0", ""), ("-1", ""), ("2", "S-1 -2")])
  func `input 19: a quantity of zero or less is no sale`(quantity: String, stock: String) async throws {
    try await Way.with { way in
      try await way.webhook("orders/create", Said.order(quantity: quantity))
      try await way.work()
      #expect([stock, stock.isEmpty ? "S-1 0" : stock].contains(try await way.stock()))
      #expect(try await way.text("SELECT status FROM orders") == "paid")
    }
  }

  @Test func `input 19: a quantity with a fraction fails its order alone`() async throws {
    try await Way.with { way in
      #expect(try await way.webhook("orders/create", Said.order("1", quantity: "1.5")) == 200)
      #expect(try await way.webhook("orders/create", Said.order("2", quantity: "1")) == 200)
      try await way.work()
      #expect(try await way.orders() == "2 paid 1")
      #expect(try await way.text("SELECT count(*)::text FROM webhook_events WHERE status = 'failed'") == "1")
    }
  }

  @Test(arguments: [
    (#""70""#, "EUR", "70"), (#""123.45""#, "EUR", "123.45"), ("3", "EUR", "3"), (#""500""#, "JPY", "500"),
    (#""1.234""#, "KWD", "1.234"), ("0.1", "EUR", "0.1"),
  ])
  func `input 20: money is exact, however it is written`(total: String, currency: String, kept: String)
    async throws
  {
    try await Way.with { way in
      try await way.webhook("orders/create", Said.order(total: total, currency: currency))
      try await way.work()
      #expect(try await way.text("SELECT total || ' ' || currency FROM orders") == "\(kept) \(currency)")
    }
  }

  @Test func `input 21: a refund with restock, then a cancellation, restocks once`() async throws {
    try await Way.with { way in
      let refund = #"[{"refund_line_items":[{"line_item_id":11,"quantity":1,"restock_type":"return"}]}]"#
      try await way.webhook("orders/create", Said.order())
      try await way.work()
      #expect(try await way.stock() == "S-1 -2")
      try await way.webhook("orders/updated", Said.order(updated: "2026-01-01T12:00:02Z", refunds: refund))
      try await way.work()
      #expect(try await way.stock() == "S-1 -1")
      try await way.webhook(
        "orders/cancelled",
        Said.order(updated: "2026-01-01T12:00:03Z", cancelled: "2026-01-01T12:00:03Z", refunds: refund))
      try await way.work()
      #expect(try await way.stock() == "S-1 0")
    }
  }

  @Test(arguments: [
    ("2026-01-01T12:00:00", "2026-01-01 12:00:00"),
    ("2026-01-01T12:00:00.123456789Z", "2026-01-01 12:00:00.123456"),
    ("2026-01-01T13:00:00+01:00", "2026-01-01 12:00:00"), ("2025-12-31T11:00:00Z", "2025-12-31 11:00:00"),
  ])
  func `input 22: times without a zone, with nanoseconds, a day late`(written: String, kept: String)
    async throws
  {
    try await Way.with { way in
      try await way.webhook("orders/create", Said.order(created: written))
      try await way.work()
      #expect(try await way.text("SELECT (placed_at AT TIME ZONE 'UTC')::text FROM orders") == kept)
    }
  }

  @Test(arguments: [#"a\u0000b"#, #"\ud83d"#, #"\udc00x"#])
  func `input 23: NUL and lone surrogates reach the tables as something harmless`(title: String) async throws
  {
    try await Way.with { way in
      #expect(try await way.webhook("orders/create", Said.order(title: title)) == 200)
      try await way.work()
      #expect(try await way.orders() == "820982911946154508 paid 2")
      #expect(
        try await way.text("SELECT (title IS NOT NULL)::text FROM order_entries WHERE kind = 'item'")
          == "true")
    }
  }

  @Test func `input 25: a valid webhook that is replayed has no second effect`() async throws {
    try await Way.with { way in
      for _ in 0..<3 {
        #expect(try await way.webhook("orders/create", Said.order(), id: "the same") == 200)
        try await way.work()
      }
      #expect(try await way.text("SELECT count(*)::text FROM webhook_events") == "1")
      #expect(try await way.stock() == "S-1 -2")
      #expect(try await way.messages("order_confirmation") == "1")
    }
  }
}
