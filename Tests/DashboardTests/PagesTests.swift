import JSON
import NIOHTTP1
import Postgres
import TestServers
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PagesTests {
  @Test func `who has not signed in is shown where, and nothing else`() async throws {
    try await Installation.with { house in
      for path in ["/", "/stock", "/dead-letters", "/orders/1"] {
        let answer = try await house.get(path)
        #expect(
          answer.status == 303 && answer.headers.first(name: "location")?.hasPrefix("/sign-in?next=") == true)
      }
      let page = try await house.get("/sign-in")
      #expect(page.status == 200 && page.text.contains("<label for=\"token\">"))
      let policy = page.headers.first(name: "content-security-policy") ?? ""
      #expect(policy.contains("default-src 'none'") && !policy.contains("unsafe"))
      #expect(!page.text.contains("style=") && !page.text.contains("<script>"))
      #expect(try await house.get("/assets/dashboard.js").status == 200)
      #expect(try await house.get("/assets/..%2f..%2fcrossdock").status == 404)
    }
  }

  @Test func `a token signs in, and the session's cookie is for this gateway's pages alone`() async throws {
    try await Installation.with { house in
      let token = try house.token("--subject", "anna", "--role", "operator")
      let refused = try await house.post("/sign-in", ["token": "x"])
      #expect(refused.status == 403 && refused.headers.first(name: "set-cookie") == nil)
      let foreign = try await house.post("/sign-in", ["token": token], from: "cross-site")
      #expect(foreign.status == 403 && foreign.headers.first(name: "set-cookie") == nil)
      let answer = try await house.post("/sign-in", ["token": token, "next": "//evil.example"])
      #expect(answer.status == 303 && answer.headers.first(name: "location") == "/")
      let cookie = answer.headers.first(name: "set-cookie") ?? ""
      #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"))
      let page = try await house.get("/", session: token)
      #expect(page.status == 200 && page.text.contains("anna (operator)"))
      // Without a word from the browser about where it comes from a change is refused.
      let forged = try await house.post("/stock/1/topup", ["quantity": "1"], session: token, from: nil)
      #expect(forged.status == 403)
    }
  }

  @Test func `a link signs in once`() async throws {
    try await Installation.with { house in
      let link = try house.token("--subject", "shop-7", "--role", "seller", "--link")
      let text = try #require(link.split(separator: "link=").last.map(String.init))
      // Looking at it, as mail programs do, uses nothing up.
      #expect(try await house.get("/sign-in?link=\(text)").text.contains("shop-7"))
      let first = try await house.post("/sign-in", ["link": text])
      #expect(first.status == 303)
      let second = try await house.post("/sign-in", ["link": text])
      #expect(second.status == 403)
      let cookie = try #require(first.headers.first(name: "set-cookie"))
      let session = String(cookie.dropFirst("crossdock_session=".count).prefix { $0 != ";" })
      #expect(try await house.get("/stock", session: session).text.contains("SKU-0001"))
      #expect(try await house.get("/dead-letters", session: session).status == 404)
      #expect(try await house.get("/", session: session).text.contains("Dead letters") == false)
    }
  }

  @Test func `every page of every section answers`() async throws {
    try await Installation.with { house in
      let token = try house.token("--subject", "anna", "--role", "admin")
      for path in [
        "/", "/dead-letters", "/dead-letters/actions", "/dead-letters/plan", "/stock", "/orders",
        "/conversations", "/polling", "/connections", "/connections/\(Installation.connection)",
        "/reconciliations", "/events", "/activity",
      ] {
        let page = try await house.get(path, session: token)
        #expect(page.status == 200, "\(path): \(page.text.prefix(2_000))")
        #expect(page.text.contains("aria-current=\"page\""), "\(path)")
      }
      #expect(try await house.get("/orders/4711", session: token).status == 404)
      let stranger = try house.token("--subject", "stranger", "--role", "seller")
      let foreign = try await house.get("/connections/\(Installation.connection)", session: stranger)
      #expect(foreign.status == 404 && !foreign.text.contains("shop-7"))
    }
  }

  @Test func `a dead letter is discarded only after the question was answered, and the record says by whom`()
    async throws
  {
    try await Installation.with { house in
      try await house.makeDeadLetter()
      let token = try house.token("--subject", "anna", "--role", "operator")
      #expect(try await house.get("/dead-letters", session: token).text.contains("bad_event"))
      let letter = try await house.get("/dead-letters/letter?queue=order-sync&id=broken-1", session: token)
      #expect(letter.text.contains("no event"))
      let form = ["queue": "order-sync", "id": "broken-1", "action": "discard"]
      let question = try await house.post("/dead-letters/act", form, session: token)
      #expect(question.status == 200 && question.text.contains("1 letter"))
      let done = try await house.post(
        "/dead-letters/act", form.merging(["confirmed": "yes", "reason": "nonsense"]) { $1 }, session: token)
      #expect(done.headers.first(name: "location")?.contains("done=1") == true)
      let record = try await house.database.withDatabase { database in
        try await database.withConnection { connection in
          try connection.query("SELECT actor, reason, action FROM dead_letter_actions").map {
            [$0.text(0), $0.text(1), $0.text(2)]
          }
        }
      }
      #expect(record == [["anna", "nonsense", "discard"]])
    }
  }
}
