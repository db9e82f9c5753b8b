import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Testing

@Suite(.timeLimit(.minutes(1)))
struct LivePagesTests {
  @Test func `all who look at a page are shown what changes, without the frame that names them`() async throws
  {
    try await Installation.with { house in
      let tokens = try ["anna", "bob"].map { try house.token("--subject", $0, "--role", "operator") }
      try await withThrowingTaskGroup(of: String.self) { group in
        for token in tokens {
          group.addTask {
            try await house.listen(to: "/stock/1", session: token, until: "data-figure=\"on-hand\">5<")
          }
        }
        group.addTask {
          let form = ["quantity": "5", "marketplace": "7", "once": "once"]
          let answer = try await house.post("/stock/1/topup", form, session: tokens[0])
          #expect(answer.status == 303)
          return ""
        }
        for try await heard in group where !heard.isEmpty {
          #expect(heard.contains("event: page") && heard.contains("data: <main"))
          #expect(!heard.contains("(operator)") && !heard.contains("<nav"))
        }
      }
    }
  }

  @Test func `a stream is for who may see the page, from pages of this gateway alone`() async throws {
    try await Installation.with { house in
      let seller = try house.token("--subject", "shop-7", "--role", "seller")
      #expect(try await house.get("/live?page=/stock").status == 303)
      for (page, status) in [
        ("/dead-letters", 404), ("/nothing", 404), ("/live", 404), ("//evil", 400), ("", 400),
      ] {
        let answer = try await house.get("/live?page=\(page)", session: seller)
        #expect(answer.status == status, "\(page): \(answer.status)")
      }
      var request = HTTPClientRequest(url: house.address + "/live?page=/stock")
      request.headers = ["cookie": "crossdock_session=\(seller)", "sec-fetch-site": "cross-site"]
      #expect(try await HTTPClient.shared.execute(request, timeout: .seconds(10)).status == .forbidden)
    }
  }
}
