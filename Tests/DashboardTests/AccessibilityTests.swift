import Foundation
import JSON
import Testing

/// Every page as people use it who can't see it well, have no mouse, or a phone.
@Suite(
  .serialized, .timeLimit(.minutes(1)),
  .enabled(
    if: Driver.isThere, "chromium or chromedriver is absent: install Debian's chromium and chromium-driver"))
struct AccessibilityTests {
  /// One of each page, with something on it.
  private static let pages = [
    "/", "/dead-letters", "/dead-letters/list?queue=order-sync", letter, "/dead-letters/plan",
    "/dead-letters/actions", "/stock", "/stock/1", "/orders", "/orders/o-1", "/conversations",
    "/conversations/1", "/polling", "/connections", "/connections/\(Installation.connection)",
    "/reconciliations", "/events", "/activity", "/orders/nothing-here",
  ]

  private static let broken = OrderEvent(name: "broken-1", quantity: "\"two\"")
  private static let letter = "/dead-letters/letter?queue=order-sync&id=\(broken.id)"

  /// Signed in to a house that has an order, a conversation, a dead letter and a reconciliation.
  private static func furnished(
    _ body: @escaping @Sendable (Driver, Installation) async throws -> Void
  ) async throws {
    try await BrowserTests.signedIn { browser, house in
      try await house.makeDeadLetter(id: broken.id, body: broken.body)
      try house.publish(id: OrderEvent().id, body: OrderEvent().body)
      try await house.addReconciliation()
      let token = try house.token("--subject", "anna", "--role", "operator")
      #expect(
        try await house.page("/conversations", session: token, saying: "#1").contains("/conversations/1"))
      #expect(try await house.page("/orders/o-1", session: token, saying: "placed").contains("Order #1"))
      try await body(browser, house)
    }
  }

  private static func expectNone(_ findings: String, _ browser: Driver, _ page: String) async throws {
    let found = try await browser.run(findings)
    #expect(found == .array([]), "\(page): \(found)")
  }

  @Test func `every page can be read in light and dark, and on a phone`() async throws {
    try await Self.furnished { browser, house in
      for path in Self.pages {
        try await browser.open(house.address + path)
        for scheme in ["light", "dark"] {
          try await browser.prefer(scheme)
          try await Self.expectNone(Accessibility.findings, browser, "\(path), \(scheme)")
          if path == "/" { try await browser.keepPicture("overview-\(scheme)") }
        }
        try await browser.narrow(to: 320)
        try await Self.expectNone(Accessibility.narrowFindings, browser, "\(path)")
        if ["/", "/orders/o-1", "/reconciliations"].contains(path) {
          let name = path == "/" ? "overview" : path.split(separator: "/")[0]
          try await browser.keepPicture("\(name)-narrow")
        }
        try await browser.narrow(to: nil)
      }
    }
  }

  @Test func `Tab goes through every page in the order of the document, and it is seen where it is`()
    async throws
  {
    try await Self.furnished { browser, house in
      for path in Self.pages {
        try await browser.open(house.address + path)
        let count = try await browser.run(Accessibility.watchFocus).integer ?? 0
        #expect(count > 10, "\(path)")
        try await browser.tab(times: Int(count) + 1)
        try await Self.expectNone(Accessibility.focusFindings, browser, "\(path)")
      }
      // Backwards it comes to the beginning again: nothing holds the focus.
      try await browser.open(house.address + Self.letter)
      let count = try await browser.run(Accessibility.watchFocus).integer ?? 0
      try await browser.tab(times: Int(count))
      try await browser.tab(times: Int(count) - 1, back: true)
      #expect(try await browser.run("return document.activeElement.className").text == "skip")
    }
  }

  @Test func `what is wrong with a page is found`() async throws {
    try await BrowserTests.signedIn { browser, _ in
      _ = try await browser.run(
        """
        const main = document.querySelector("main");
        document.querySelector("h1").style.color = "#bbb";
        document.querySelector("nav a").tabIndex = 3;
        document.querySelector("header button").style.outline = "none";
        main.append(document.createElement("input"), document.createElement("button"));
        const wide = document.createElement("p");
        wide.style.width = "2000px";
        wide.textContent = "wide";
        document.querySelector("header button").style.minHeight = "5px";
        document.querySelector("header button").style.height = "5px";
        main.append(wide);
        return null;
        """)
      func found(_ script: String) async throws -> String { try await browser.run(script).description }
      let seen = try await found(Accessibility.findings)
      for words in ["contrast", "a tab order of its own", "no label: <input>", "no name: <button></button>"] {
        #expect(seen.contains(words), "\(seen)")
      }
      let count = try await browser.run(Accessibility.watchFocus).integer ?? 0
      try await browser.tab(times: Int(count) + 1)
      let focused = try await found(Accessibility.focusFindings)
      for words in [
        "has the focus and no name", "does not show that it has the focus", "is not reached in the order",
      ] {
        #expect(focused.contains(words), "\(focused)")
      }
      try await browser.narrow(to: 320)
      let narrow = try await found(Accessibility.narrowFindings)
      #expect(narrow.contains("wider than the screen") && narrow.contains("too small"), "\(narrow)")
    }
  }

  @Test func `questions and answers of forms can be used by everybody too`() async throws {
    try await Self.furnished { browser, house in
      func check(_ page: String) async throws {
        try await Self.expectNone(Accessibility.findings, browser, "\(page)")
        let count = try await browser.run(Accessibility.watchFocus).integer ?? 0
        try await browser.tab(times: Int(count) + 1)
        try await Self.expectNone(Accessibility.focusFindings, browser, "\(page)")
        try await browser.narrow(to: 320)
        try await Self.expectNone(Accessibility.narrowFindings, browser, "\(page)")
        try await browser.narrow(to: nil)
      }
      for (button, heading) in [
        ("button[value=requeue]", "Are you sure?"), ("button[formaction$=rehearse]", "Rehearsal"),
      ] {
        try await browser.open(house.address + Self.letter)
        try await browser.click("main " + button)
        #expect(try await browser.wait(for: "h1", toSay: heading) == heading)
        try await check(heading)
      }
      try await browser.open(house.address + "/dead-letters")
      try await browser.click("main button[formaction$=plan]")
      #expect(try await browser.wait(for: "h1", toSay: "A plan") == "A plan")
      try await check("A plan")
      try await browser.open(house.address + "/sign-in")
      try await check("Sign in")
    }
  }
}
