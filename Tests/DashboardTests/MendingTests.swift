import Foundation
import JSON
import NIOHTTP1
import Postgres
import TestServers
import Testing

/// Dead letters, polling and rules that are changed by forms, as a browser without a script sends them.
@Suite(.timeLimit(.minutes(1)))
struct MendingTests {
  /// An order event whose quantity is no number: it dies in the three queues of orders.
  private static let broken = order(quantity: "\"two\"")

  private static func order(quantity: String) -> String {
    """
    {"specversion":"1.0","id":"allegro:\(Installation.connection):broken-1","source":"/connections/\(Installation.connection)",\
    "type":"order.created","subject":"order/o-1","time":"2026-01-01T12:00:00Z","datacontenttype":"application/json",\
    "data":{"connectionId":"\(Installation.connection)","platform":"allegro","marketplaceId":7,"change":"created",\
    "order":{"externalId":"o-1","number":"#1","status":"paid","placedAt":"2026-01-01T12:00:00Z",\
    "updatedAt":"2026-01-01T12:00:00Z","currency":"PLN","total":"5.00","lines":[{"externalId":"l-1",\
    "listingId":"offer-1","sku":"SKU-0001","quantity":\(quantity),"unitPrice":"5.00"}]}}}
    """
  }

  private static let id = "allegro:\(Installation.connection):broken-1"

  private static func once(_ page: String) throws -> String {
    String(try #require(page.firstMatch(of: /name="once" value="([^"]+)"/)).1)
  }

  @Test func `a letter is rehearsed, corrected under its id, and the record keeps what it was`() async throws
  {
    try await Installation.with { house in
      try await house.makeDeadLetter(id: Self.id, body: Self.broken)
      let token = try house.token("--subject", "anna", "--role", "operator")
      let letter = ["queue": "order-sync", "id": Self.id]
      let rehearsal = try await house.post("/dead-letters/rehearse", letter, session: token)
      #expect(rehearsal.status == 200 && rehearsal.text.contains("quantity"), "\(rehearsal.text)")
      #expect(!rehearsal.text.contains("Plan a requeue of those that would pass"))

      var form = letter
      form["action"] = "edit"
      form["payload"] = Self.order(quantity: "2")
      let question = try await house.post("/dead-letters/act", form, session: token)
      #expect(question.status == 200 && question.text.contains("Are you sure?"))
      form["confirmed"] = "yes"
      form["reason"] = "quantity was text"
      form["once"] = try Self.once(question.text)
      let wrong = try await house.post(
        "/dead-letters/act", form.merging(["payload": "{}", "once": "another"]) { $1 }, session: token)
      #expect(wrong.status == 409, "a payload that would die again is refused")
      let done = try await house.post("/dead-letters/act", form, session: token)
      #expect(done.headers.first(name: "location")?.contains("did=edit&done=1") == true, "\(done.text)")

      let record = try await house.get("/dead-letters/actions", session: token)
      for text in ["anna", "edit", "quantity was text", "&quot;two&quot;"] {
        #expect(record.text.contains(text), "\(text) is not in the record")
      }
      // The order came in.
      let order = try await house.page("/orders/o-1", session: token, saying: "placed")
      #expect(order.contains("Order #1"), "\(order)")
    }
  }

  @Test func `a plan does what it names, once, and a changed one is refused`() async throws {
    try await Installation.with { house in
      try await house.makeDeadLetter()
      let token = try house.token("--subject", "anna", "--role", "operator")
      let page = try await house.post(
        "/dead-letters/plan", ["queue": "order-sync", "action": "discard", "reason": "nonsense"],
        session: token)
      #expect(page.text.contains("discard 1 letter"), "\(page.text)")
      let escaped = try #require(page.text.firstMatch(of: /readonly>(.+)<\/textarea>/)).1
      let plan = String(escaped).replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
      let shown = try await house.post("/dead-letters/apply", ["plan": plan], session: token)
      #expect(shown.status == 200 && shown.text.contains("Apply the plan"))
      let changed = plan.replacing("nonsense", with: "sense")
      let refused = try await house.post(
        "/dead-letters/apply", ["plan": changed, "confirmed": "yes", "once": "a"], session: token)
      #expect(refused.status == 409)
      for _ in 1...2 {
        let done = try await house.post(
          "/dead-letters/apply", ["plan": plan, "confirmed": "yes", "once": "b"], session: token)
        #expect(done.headers.first(name: "location")?.contains("did=discard&done=1") == true, "\(done.text)")
      }
    }
  }

  @Test func `nothing is discarded without a reason`() async throws {
    try await Installation.with { house in
      try await house.makeDeadLetter()
      let token = try house.token("--subject", "anna", "--role", "operator")
      let form = ["queue": "order-sync", "id": "broken-1", "action": "discard", "confirmed": "yes"]
      #expect(try await house.post("/dead-letters/act", form, session: token).status == 400)
      #expect(try await house.get("/dead-letters", session: token).text.contains("bad_event"))
    }
  }

  @Test func `operators set the polling of all, sellers see it`() async throws {
    try await Installation.with { house in
      let token = try house.token("--subject", "anna", "--role", "operator")
      let form = ["enabled": "yes", "interval_minutes": "3", "batch_size": "20"]
      let done = try await house.post("/polling/config", form, session: token)
      #expect(done.status == 303, "\(done.text)")
      let page = try await house.get("/polling", session: token)
      #expect(page.text.contains("value=\"3\"") && page.text.contains("value=\"20\""))
      let seller = try house.token("--subject", "shop-7", "--role", "seller")
      let own = try await house.get("/polling", session: seller)
      #expect(own.status == 200 && !own.text.contains("/polling/config"))
      #expect(try await house.post("/polling/config", form, session: seller).status == 404)
      #expect(try await house.post("/polling/orders", ["dry_run": "yes"], session: seller).status == 303)
      #expect(try await house.get("/activity", session: seller).text.contains("polling.trigger"))
    }
  }

  @Test func `reconciliations are shown with the biggest differences`() async throws {
    try await Installation.with { house in
      try await house.run(
        """
        INSERT INTO reconciliations (connection_id, marketplace_id, reason, status, listings, differences, biggest,
          finished_at)
        VALUES ('\(Installation.connection)', 7, 'manual', 'done', 50, 1,
          '[{"listing":"offer-1","sku":"SKU-0001","ledger":4,"marketplace":9,"difference":5}]', now())
        """)
      let token = try house.token("--subject", "shop-7", "--role", "seller")
      let page = try await house.get("/reconciliations", session: token).text
      #expect(page.contains("class=\"bad\">1 (2 %)") && page.contains("SKU-0001") && page.contains("offer-1"))
      let stranger = try house.token("--subject", "stranger", "--role", "seller")
      #expect(try await house.get("/reconciliations", session: stranger).text.contains("SKU-0001") == false)
    }
  }
}
