import JSON
import Simulator
import Testing
import Time

@Suite struct AllegroTokenTests {
  @Test func `a refresh token works once, and refreshing kills the access token of its pair`() {
    var client = AllegroClient(.live)
    #expect(client.get("/sale/offers").status == 200)
    let old = client.refreshToken
    let answer = client.ask(grant: "grant_type=refresh_token&refresh_token=\(old)")
    #expect(answer.status == 200 && answer.json["token_type"] == "bearer")
    #expect(answer.json["expires_in"].integer == 43_199)
    #expect(client.get("/sale/offers").status == 401)
    client.token = answer.json["access_token"].text ?? ""
    #expect(client.get("/sale/offers").status == 200)
    let again = client.ask(grant: "grant_type=refresh_token&refresh_token=\(old)")
    #expect(again.status == 400 && again.json["error"] == "invalid_grant")
    #expect(client.get("/sale/offers").status == 200)
  }

  @Test func `an access token dies of age`() {
    var client = AllegroClient(.live, behaviour: .init(ordersPerSecond: 0), tokenLifetime: .seconds(60))
    client.wait(.seconds(59))
    #expect(client.get("/sale/offers").status == 200)
    client.wait(.seconds(1))
    let answer = client.get("/sale/offers")
    #expect(answer.status == 401 && answer.json["error"] == "invalid_token")
  }

  @Test func `a code works once, for its redirect address`() throws {
    var client = AllegroClient(.documented)
    let (id, code) = (
      client.shop.credentials["clientId"].text ?? "", client.shop.credentials["authorizationCode"].text ?? ""
    )
    let wrong = client.ask(grant: "grant_type=authorization_code&code=\(code)&redirect_uri=http%3A%2F%2Fevil")
    #expect(wrong.status == 400)
    let target =
      "/auth/oauth/authorize?response_type=code&client_id=\(id)&redirect_uri=http%3A%2F%2Fhere&state=a%26b"
    let redirection = client.ask(Request("GET", target))
    let location = try #require(redirection.header("Location"))
    #expect(redirection.status == 302 && location.hasSuffix("&state=a%26b"))
    let given = location.split(separator: "code=")[1].split(separator: "&")[0]
    let grant = "grant_type=authorization_code&code=\(given)&redirect_uri=http%3A%2F%2Fhere"
    let answer = client.ask(grant: grant)
    #expect(answer.status == 200 && answer.json["refresh_token"].text != nil)
    #expect(client.ask(grant: grant).status == 400)
    #expect(client.shop.credentials["authorizationCode"].text == code)
  }

  @Test func `the application itself gets a token without a refresh token`() {
    var client = AllegroClient(.live)
    let answer = client.ask(grant: "grant_type=client_credentials")
    #expect(answer.status == 200 && answer.json["refresh_token"].isNull)
  }

  @Test func `who is no application, or says nothing sensible, is refused`() {
    var client = AllegroClient(.live)
    #expect(client.ask(Request("POST", "/auth/oauth/token")).status == 401)
    #expect(client.ask(grant: "grant_type=password").json["error"] == "unsupported_grant_type")
    #expect(client.ask(grant: "").json["error"] == "invalid_request")
    #expect(client.ask(Request("GET", "/sale/offers")).status == 401)
  }
}
