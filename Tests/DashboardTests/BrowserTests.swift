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

  @Test func `every page can be used by keyboard and reader, on a phone too, in light and dark`() async throws
  {
    try await Self.signedIn { browser, house in
      for path in [
        "/", "/dead-letters", "/dead-letters/plan", "/dead-letters/actions", "/stock", "/stock/1", "/orders",
        "/polling", "/connections", "/connections/\(Installation.connection)", "/reconciliations",
        "/activity",
      ] {
        try await browser.resize(width: 1_280, height: 900)
        try await browser.open(house.address + path)
        for scheme in ["light", "dark"] {
          try await browser.prefer(scheme)
          #expect(try await browser.run(Self.findings) == .array([]), "\(path), \(scheme)")
          if path == "/" { try await browser.keepPicture("overview-\(scheme)") }
        }
        try await browser.resize(width: 500, height: 800)
        let overflow = try await browser.run(
          "return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        #expect(overflow.integer == 0, "\(path) is wider than the screen by \(overflow)")
        if path == "/" { try await browser.keepPicture("overview-narrow") }
      }
    }
  }

  /// What is wrong with the page for who can't see it well: unnamed controls, headings that skip a level, text of
  /// too little contrast (WCAG 2.1 AA: 4.5, 3 for large text), a tab order of its own.
  private static let findings = """
    const wrong = [];
    if (!document.documentElement.lang) wrong.push("no language");
    if (document.querySelectorAll("h1").length !== 1) wrong.push("not one h1");
    if (!document.querySelector("main")) wrong.push("no main");
    for (const e of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
      if (!e.labels.length && !e.ariaLabel) wrong.push("no label: " + e.outerHTML);
    for (const e of document.querySelectorAll("button, a"))
      if (!(e.innerText.trim() || e.ariaLabel)) wrong.push("no name: " + e.outerHTML);
    for (const e of document.querySelectorAll("svg"))
      if (!e.getAttribute("aria-label")) wrong.push("no name: svg");
    for (const e of document.querySelectorAll("[tabindex]"))
      if (e.tabIndex > 0) wrong.push("a tab order of its own: " + e.outerHTML.slice(0, 80));
    let level = 0;
    for (const e of document.querySelectorAll("h1, h2, h3")) {
      const own = Number(e.tagName[1]);
      if (own > level + 1) wrong.push("skipped a level: " + e.innerText);
      level = own;
    }
    const numbers = text => (text.match(/[\\d.]+/g) || []).map(Number);
    const light = text => {
      const [r, g, b] = numbers(text).map(v => v / 255).map(v => v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
      return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const paper = e => {
      for (; e; e = e.parentElement) {
        const color = getComputedStyle(e).backgroundColor;
        if (numbers(color)[3] !== 0) return color;
      }
      return "rgb(255, 255, 255)";
    };
    for (const e of document.querySelectorAll("body *")) {
      if (![...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()) || !e.getClientRects().length) continue;
      const style = getComputedStyle(e);
      const [a, b] = [light(style.color), light(paper(e))].sort((x, y) => y - x);
      const ratio = (a + 0.05) / (b + 0.05);
      const needed = parseFloat(style.fontSize) >= 24 ? 3 : 4.5;
      if (ratio < needed) wrong.push("contrast " + ratio.toFixed(2) + ": " + e.innerText.slice(0, 40));
    }
    return wrong;
    """
}
