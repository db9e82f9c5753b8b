import Foundation
import JSON
import NIOHTTP1
import Postgres
import TestServers
import Testing

/// Dead letters, polling and rules that are changed by forms, as a browser without a script sends them.
@Suite(.timeLimit(.minutes(1)))
struct MendingTests {
  /// Its quantity is no number: it dies in the three queues of orders.
  private static let broken = OrderEvent(name: "broken-1", quantity: "\"two\"")
  private static let id = broken.id

  private static func once(_ page: String) throws -> String {
    String(try #require(page.firstMatch(of: /name="once" value="([^"]+)"/)).1)
  }

  @Test func `a letter is rehearsed, corrected under its id, and the record keeps what it was`() async throws
  {
    try await Installation.with { house in
      try await house.makeDeadLetter(id: Self.id, body: Self.broken.body)
      let token = try house.token("--subject", "anna", "--role", "operator")
      let letter = ["queue": "order-sync", "id": Self.id]
      let rehearsal = try await house.post("/dead-letters/rehearse", letter, session: token)
      #expect(rehearsal.status == 200 && rehearsal.text.contains("quantity"), "\(rehearsal.text)")
      #expect(!rehearsal.text.contains("Plan a requeue of those that would pass"))

      var form = letter
      form["action"] = "edit"
      form["payload"] = OrderEvent(name: "broken-1").body
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

  @Test func `a requeue in growing steps ends with the first letter that dies again, and the rest stays`()
    async throws
  {
    try await Installation.with { house in
      for number in 1...4 {
        try await house.makeDeadLetter(id: "broken-\(number)", asNumber: number)
      }
      let token = try house.token("--subject", "anna", "--role", "operator")
      var form = ["queue": "order-sync", "action": "requeue"]
      let question = try await house.post("/dead-letters/act", form, session: token)
      #expect(question.text.contains("name=\"ramp\" value=\"yes\" checked"), "\(question.text)")
      form.merge(["confirmed": "yes", "ramp": "yes", "limit": "4", "once": try Self.once(question.text)]) {
        $1
      }
      let done = try await house.post("/dead-letters/act", form, session: token)
      let location = done.headers.first(name: "location") ?? ""
      #expect(location.contains("did=requeue&done=1&left=0&end=recurred"), "\(done.text)")
      let page = try await house.get(location, session: token)
      #expect(page.text.contains("1 letter was requeued") && page.text.contains("the others were left alone"))
      // It lies behind the three that were not touched.
      let list = try await house.get("/dead-letters/list?queue=order-sync", session: token).text
      #expect(list.contains("broken-1") && list.contains("broken-4"))
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
      try await house.addReconciliation()
      let token = try house.token("--subject", "shop-7", "--role", "seller")
      let page = try await house.get("/reconciliations", session: token).text
      #expect(page.contains("class=\"bad\">1 (2 %)") && page.contains("SKU-0001") && page.contains("offer-1"))
      let stranger = try house.token("--subject", "stranger", "--role", "seller")
      #expect(try await house.get("/reconciliations", session: stranger).text.contains("SKU-0001") == false)
    }
  }
}
