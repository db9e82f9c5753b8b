import Allegro
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Testing

@Suite struct OAuthTests {
  final class TokenService: MarketplaceTransport {
    let status: Int
    let body: JSON
    let calls = NIOLockedValueBox<[MarketplaceCall]>([])

    init(_ status: Int, _ body: JSON) {
      self.status = status
      self.body = body
    }

    func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
      calls.withLockedValue { $0.append(call) }
      return MarketplaceAnswer(status: status, body: body.bytes)
    }
  }

  @Test func `the token service of the real API is beside it`() {
    #expect(AllegroOAuth.serviceURL(for: "https://api.allegro.pl") == "https://allegro.pl")
    #expect(
      AllegroOAuth.serviceURL(for: "https://api.allegro.pl.allegrosandbox.pl")
        == "https://allegro.pl.allegrosandbox.pl")
    #expect(
      AllegroOAuth.serviceURL(for: "http://127.0.0.1:1/allegro/live") == "http://127.0.0.1:1/allegro/live")
  }

  @Test func `a refresh sends the application's name and the token, and brings the next pair`() async throws {
    let service = TokenService(200, ["access_token": "a2", "refresh_token": "r+2", "expires_in": 43199])
    let oauth = AllegroOAuth(
      transport: service, baseURL: "https://api.allegro.pl",
      application: .init(clientId: "id", clientSecret: "secret"))
    let pair = try await oauth.refresh("r+1", Secrets())
    #expect(pair.accessToken == "a2" && pair.refreshToken == "r+2" && pair.expiresAt != nil)
    let call = try #require(service.calls.withLockedValue { $0.first })
    #expect(call.baseURL == "https://allegro.pl" && call.target == "/auth/oauth/token")
    #expect(
      String(decoding: call.body ?? [], as: UTF8.self) == "grant_type=refresh_token&refresh_token=r%2B1")
    #expect(call.headers.first?.value == "Basic aWQ6c2VjcmV0")
  }

  @Test func `a refusal asks for a new authorisation and quotes no token`() async throws {
    let service = TokenService(
      400, ["error": "invalid_grant", "error_description": "Invalid refresh token: r-secret-1"])
    let oauth = AllegroOAuth(
      transport: service, baseURL: "http://x", application: .init(clientId: "id", clientSecret: "s"))
    do {
      _ = try await oauth.refresh("r-secret-1", Secrets())
      Issue.record("a pair")
    } catch {
      #expect(error.errorClass == .unauthorised)
      #expect(error.description.contains("invalid_grant") && !error.description.contains("r-secret-1"))
    }
  }

  @Test func `without the application's id nothing is sent`() async throws {
    let service = TokenService(200, [:])
    let oauth = AllegroOAuth(
      transport: service, baseURL: "http://x", application: .init(clientId: nil, clientSecret: nil))
    await #expect(throws: MarketplaceError.self) { try await oauth.refresh("r", Secrets()) }
    #expect(service.calls.withLockedValue { $0.isEmpty })
    #expect(throws: MarketplaceError.self) {
      try oauth.authorizationURL(redirectURL: "http://l", state: "s", Secrets())
    }
  }

  @Test func `the browser is sent with everything encoded`() throws {
    let oauth = AllegroOAuth(
      transport: TokenService(200, [:]), baseURL: "https://api.allegro.pl",
      application: .init(clientId: "a b", clientSecret: "s"))
    #expect(
      try oauth.authorizationURL(redirectURL: "http://localhost:1/x?y", state: "s&t", Secrets())
        == "https://allegro.pl/auth/oauth/authorize?response_type=code&client_id=a%20b&redirect_uri=http%3A%2F%2Flocalhost%3A1%2Fx%3Fy&state=s%26t"
    )
  }
}
