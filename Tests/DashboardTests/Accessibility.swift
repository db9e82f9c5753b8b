import JSON

/// How a page is for people who see little, have no mouse, or a small screen.
enum Accessibility {
  /// What is wrong with the page that a browser shows for who can't see it well: unnamed controls, headings that skip a
  /// level, text of too little contrast (WCAG 2.1 AA: 4.5, 3 for large text), a tab order of its own.
  static let findings = """
    const wrong = [];
    for (const e of document.querySelectorAll("details")) e.open = true;
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
    const ids = [...document.querySelectorAll("[id]")].map(e => e.id);
    for (const id of ids.filter((id, at) => ids.indexOf(id) !== at)) wrong.push("an id twice: " + id);
    for (const e of document.querySelectorAll("[aria-labelledby], [aria-describedby]"))
      for (const id of ((e.getAttribute("aria-labelledby") || "") + " " + (e.getAttribute("aria-describedby") || "")).trim().split(/ +/))
        if (!ids.includes(id)) wrong.push("nobody has the id " + id);
    for (const table of document.querySelectorAll("table"))
      for (const row of table.tBodies[0].rows)
        if (row.cells.length !== table.tHead.rows[0].cells.length) wrong.push("a cell without a heading: " + row.innerText);
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

  /// Notes each element that gets the focus from now on, and how that is shown.
  static let watchFocus = """
    for (const e of document.querySelectorAll("details")) e.open = true;
    const all = [...document.querySelectorAll("*")];
    const named = e => e.ariaLabel || e.innerText?.trim() || [...(e.labels || [])].map(l => l.innerText).join(" ")
      || document.getElementById(e.getAttribute("aria-labelledby"))?.innerText || "";
    // Live parts are made anew meanwhile: what an element is counts, not which node it is.
    const key = e => [e.tagName, e.getAttribute("href") || e.name || e.id || e.ariaLabel, e.innerText?.trim()].join(" ");
    let last = null;
    window.focused = [];
    document.addEventListener("focusin", event => {
      const e = event.target, style = getComputedStyle(e), box = e.getBoundingClientRect();
      const isBehind = !last?.isConnected || !!(last.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING);
      last = e;
      window.focused.push({
        key: key(e), isBehind, html: e.outerHTML.slice(0, 90), isNamed: !!named(e).trim(),
        isMarked: e.matches(":focus-visible") && style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2,
        isOnScreen: box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
      });
    });
    // What a keyboard must reach; of radio buttons and what is folded up there is nothing.
    window.wanted = all.filter(e => e.matches("a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']")
      && !e.disabled && e.checkVisibility()).map(key);
    return window.wanted.length;
    """

  /// What went wrong while Tab was pressed once more often than there are elements.
  static let focusFindings = """
    const wrong = [], seen = window.focused;
    for (const f of seen) {
      if (!f.isNamed) wrong.push("has the focus and no name: " + f.html);
      if (!f.isMarked) wrong.push("does not show that it has the focus: " + f.html);
      if (!f.isOnScreen) wrong.push("has the focus off the screen: " + f.html);
    }
    // A round ends where the document begins again.
    const end = seen.findIndex((f, at) => at > 0 && !f.isBehind);
    const round = (end < 0 ? seen : seen.slice(0, end)).map(f => f.key);
    for (const key of window.wanted)
      if (!round.includes(key)) wrong.push("is not reached in the order of the document: " + key);
    return wrong;
    """

  /// What is too small to be hit by a finger (WCAG 2.2 AA: 24 pixels), or makes the page wider than the screen.
  static let narrowFindings = """
    const wrong = [];
    const over = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    if (over > 0) wrong.push("wider than the screen by " + over);
    for (const e of document.querySelectorAll("button, input:not([type=hidden]), select, textarea, summary, nav a")) {
      const box = e.getBoundingClientRect();
      if (e.checkVisibility() && (box.height < 24 || box.width < 24)) wrong.push("too small: " + e.outerHTML.slice(0, 90));
    }
    return wrong;
    """
}
