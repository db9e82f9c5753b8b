import Foundation
import JSON
import Testing
import Time

/// What an operator does with the pages of orders, dead letters, connections, polling and reconciliations, in a real
/// browser.
@Suite(
  .serialized, .timeLimit(.minutes(1)),
  .enabled(
    if: Driver.isThere, "chromium or chromedriver is absent: install Debian's chromium and chromium-driver"))
struct OperatorTests {
  @Test func `an order is followed through every consumer while its page is open`() async throws {
    try await BrowserTests.signedIn { browser, house in
      let token = try house.token("--subject", "anna", "--role", "operator")
      let created = OrderEvent(time: Timestamp.now().description)
      try house.publish(id: created.id, body: created.body)
      #expect(try await house.page("/orders/o-1", session: token, saying: "placed").contains("Order #1"))
      try await browser.open(house.address + "/orders?number=%231")
      try await browser.click("#rows a")
      #expect(try await browser.wait(for: "h1", toSay: "Order #1") == "Order #1")
      _ = try await browser.run("window.mark = 'same page'; return null")
      let told = try await house.call(
        "/api/order-events/handle", ["orderId": "o-1", "eventType": "ORDER_SHIPPED"], token: token)
      #expect(told.status == 202, "\(told.text)")
      for consumer in ["stock-ledger", "order-sync", "messaging"] {
        let timeline = try await browser.wait(for: "#timeline", toSay: "\(consumer): done after")
        #expect(timeline.contains("order.shipped came by api"), "\(timeline)")
        #expect(timeline.contains("\(consumer): done after"), "\(timeline)")
      }
      let timeline = try await browser.text(of: "#timeline")
      #expect(
        timeline.contains("stock of SKU-0001 -2") && timeline.contains("order confirmation"), "\(timeline)")
      #expect(try await browser.run("return window.mark").text == "same page")
      try await browser.keepPicture("order")

      // An event that dies says so, by the consumer that gave it up.
      let broken = OrderEvent(name: "broken-1", quantity: "\"two\"")
      try await house.run(
        """
        INSERT INTO webhook_events (connection_id, event_id, event_type, source, message_id, payload, status,
          occurred_at, subject)
        VALUES ('\(Installation.connection)', 'broken-1', 'order.created', 'poll', '\(broken.id)', '{}', 'published',
          '2026-01-01T12:00:00Z', 'order/o-1')
        """)
      try await house.makeDeadLetter(id: broken.id, body: broken.body)
      let died = try await browser.wait(for: "#timeline", toSay: "order-sync: died")
      #expect(died.contains("order-sync: died:") && died.contains("quantity"), "\(died)")
      #expect(try await browser.run("return document.querySelectorAll('#timeline .bad').length").integer == 3)
    }
  }

  @Test func `a dead letter is rehearsed, corrected and sent, and its order comes in`() async throws {
    try await BrowserTests.signedIn { browser, house in
      let broken = OrderEvent(name: "broken-1", quantity: "\"two\"")
      try await house.makeDeadLetter(id: broken.id, body: broken.body)
      try await browser.open(house.address + "/dead-letters?queue=order-sync")
      try await browser.click("main button[formaction$=rehearse]")
      #expect(try await browser.wait(for: "h1", toSay: "Rehearsal") == "Rehearsal")
      let row = try await browser.text(of: "tbody tr")
      #expect(row.contains("bad_event/") && row.contains("quantity"), "\(row)")
      #expect(try await !browser.text(of: "main").contains("Plan a requeue of those"))

      try await browser.open(
        house.address + "/dead-letters/letter?queue=order-sync&id=\(broken.id)")
      try await browser.click("summary")
      try await browser.clear("#corrected")
      try await browser.type(OrderEvent(name: "broken-1").body, into: "#corrected")
      try await browser.click("button[value=edit]")
      #expect(try await browser.wait(for: "h1", toSay: "Are you sure?") == "Are you sure?")
      try await browser.type("quantity was text", into: "#reason")
      try await browser.click("input[name=confirmed]")
      try await browser.click("main form button")
      #expect(try await browser.wait(for: ".notice", toSay: "new payload").contains("1 letter was requeued"))
      try await browser.open(house.address + "/dead-letters/actions")
      let record = try await browser.text(of: "tbody")
      for text in ["anna", "edit", "quantity was text"] { #expect(record.contains(text), "\(record)") }
      let token = try house.token("--subject", "anna", "--role", "operator")
      #expect(try await house.page("/orders/o-1", session: token, saying: "placed").contains("Order #1"))
    }
  }

  @Test func `a plan is looked at, applied once, and then no longer holds`() async throws {
    try await BrowserTests.signedIn { browser, house in
      try await house.makeDeadLetter()
      try await browser.open(house.address + "/dead-letters?queue=order-sync")
      try await browser.click("main > form button[formaction$=plan]")
      #expect(try await browser.wait(for: "h1", toSay: "A plan") == "A plan")
      #expect(try await browser.text(of: "main").contains("requeue 1 letter"))
      let plan = try await browser.run("return document.getElementById('kept').value").text ?? ""
      // Without its box the form isn't sent at all.
      try await browser.click("main form button")
      #expect(try await browser.text(of: "h1") == "A plan")
      try await browser.click("input[name=confirmed]")
      try await browser.click("main form button")
      #expect(try await browser.wait(for: ".notice", toSay: "requeued").contains("1 letter was requeued"))
      // It died again, as another letter: the plan names that one not.
      try await browser.open(house.address + "/dead-letters/plan")
      try await browser.type(plan.replacing("requeue", with: "discard"), into: "#plan")
      try await browser.click("main form button")
      #expect(try await browser.wait(for: "label", toSay: "to be kept").contains("to be kept"))
      try await browser.click("input[name=confirmed]")
      try await browser.click("main form button")
      #expect(try await browser.wait(for: "[role=alert]", toSay: "changed").contains("changed"))
    }
  }

  @Test func `a connection is tried and given rules, and says by itself what goes wrong`() async throws {
    try await BrowserTests.signedIn { browser, house in
      try await browser.open(house.address + "/connections")
      try await browser.click("#rows a")
      #expect(try await browser.wait(for: "h1", toSay: "main") == "main")
      try await browser.click("form[action$=test] button")
      #expect(try await browser.wait(for: "[role=status]", toSay: "can't be used").contains("can't be used"))
      try await browser.click("input[name=propagateDeletes]")
      try await browser.click("form[action$=enable] button")
      #expect(try await browser.wait(for: ".notice", toSay: "Real time").contains("Real time is on"))
      #expect(
        try await browser.run("return document.querySelector('input[name=propagateDeletes]').checked").bool
          == false)
      #expect(try await browser.text(of: "main").contains("propagateInventory"))
      try await house.run(
        """
        INSERT INTO poll_runs (connection_id, feed, job_id, reason, started_at, finished_at, error)
        VALUES ('\(Installation.connection)', 'orders', 'j', 'manual', now(), now(), 'the marketplace sleeps')
        """)
      #expect(
        try await browser.wait(for: "#health", toSay: "sleeps").contains(
          "poll of orders: the marketplace sleeps"))
    }
  }

  @Test func `polling is begun and configured`() async throws {
    try await BrowserTests.signedIn { browser, house in
      try await browser.open(house.address + "/polling")
      try await browser.click("form[action$=orders] button")
      #expect(try await browser.wait(for: ".notice", toSay: "polled") == "The feeds are being polled.")
      // The account has no credentials: the page says so by itself.
      #expect(try await browser.wait(for: "#feeds", toSay: "credentials").contains("credentials"))
      try await browser.clear("#c-interval")
      try await browser.type("3", into: "#c-interval")
      try await browser.click("form[action$=config] button")
      #expect(try await browser.wait(for: ".notice", toSay: "Every process").contains("Every process"))
      #expect(try await browser.run("return document.getElementById('c-interval').value").text == "3")
      // What the browser itself refuses never comes here.
      try await browser.clear("#c-batch")
      try await browser.type("251", into: "#c-batch")
      #expect(
        try await browser.run("return document.getElementById('c-batch').checkValidity()").bool == false)
    }
  }

  @Test func `a reconciliation that ends is on the page by itself`() async throws {
    try await BrowserTests.signedIn { browser, house in
      try await browser.open(house.address + "/reconciliations")
      #expect(try await browser.text(of: "#reports").contains("There were none yet"))
      _ = try await browser.run("window.mark = 'same page'; return null")
      try await house.addReconciliation()
      let report = try await browser.wait(for: "#reports", toSay: "SKU-0001")
      #expect(report.contains("1 (2 %)") && report.contains("offer-1"), "\(report)")
      #expect(try await browser.run("return window.mark").text == "same page")
      try await browser.click("#reports tbody a")
      #expect(try await browser.wait(for: "h1", toSay: "Stock") == "Stock")
      try await browser.open(house.address + "/reconciliations")
      try await browser.keepPicture("reconciliations")
    }
  }
}
