import Foundation
import JSON
import Testing

/// The pages in a real browser. Few, and each within a minute.
@Suite(
  .serialized, .timeLimit(.minutes(1)),
  .enabled(
    if: Driver.isThere, "chromium or chromedriver is absent: install Debian's chromium and chromium-driver"))
struct BrowserTests {
  /// Runs `body` with a browser that a link has signed in.
  static func signedIn(
    _ body: @escaping @Sendable (Driver, Installation) async throws -> Void
  ) async throws {
    try await Installation.with { house in
      try await Driver.with { browser in
        let link = try house.token("--subject", "anna", "--role", "operator", "--link")
        let text = try #require(link.split(separator: "link=").last)
        try await browser.open("\(house.address)/sign-in?link=\(text)")
        try await browser.click("main button")
        // The click doesn't wait for the page that it leads to.
        #expect(try await browser.wait(for: "h1", toSay: "Overview") == "Overview")
        try await body(browser, house)
      }
    }
  }

  @Test func `goods that come in are booked, and the figure changes by itself`() async throws {
    try await Self.signedIn { browser, house in
      try await browser.open("\(house.address)/stock?sku=SKU-0001")
      try await browser.click("#rows a")
      #expect(try await browser.wait(for: "[data-figure=on-hand]", toSay: "0") == "0")
      try await browser.type("12", into: "input[name=quantity]")
      try await browser.type("from the supplier", into: "input[name=notes]")
      try await browser.click("form[action$=topup] button")
      #expect(try await browser.wait(for: ".notice", toSay: "on their way").contains("on their way"))
      // The ledger books it meanwhile; the page is not loaded again.
      _ = try await browser.run("window.mark = 'same page'; return null")
      #expect(try await browser.wait(for: "[data-figure=on-hand]", toSay: "12") == "12")
      #expect(try await browser.run("return window.mark").text == "same page")
      #expect(try await browser.wait(for: "#changes", toSay: "+12").contains("anna"))
      try await browser.keepPicture("stock")
    }
  }

  @Test func `a dead letter is requeued by hand, after a question`() async throws {
    try await Self.signedIn { browser, house in
      try await house.makeDeadLetter()
      try await browser.open("\(house.address)/dead-letters?queue=order-sync")
      #expect(try await browser.text(of: "main").contains("bad_event"))
      try await browser.keepPicture("dead-letters")
      try await browser.click("tbody a")
      #expect(try await browser.wait(for: "main", toSay: "All groups").contains("All groups"))
      try await browser.click("tbody a[href*=order-sync]")
      #expect(try await browser.wait(for: "pre", toSay: "no event") == "no event")
      try await browser.click("main button[value=requeue]")
      #expect(try await browser.wait(for: "h1", toSay: "Are you sure?") == "Are you sure?")
      try await browser.click("input[name=confirmed]")
      try await browser.click("main form button")
      #expect(try await browser.wait(for: ".notice", toSay: "requeued").contains("requeued"))
    }
  }
}
