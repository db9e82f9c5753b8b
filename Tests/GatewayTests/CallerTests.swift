import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import JSON
import JWTKit
import Testing

/// Says who calls, and what only operators may know.
private struct WhoAmI: Routes {
  func add(to routes: GatewayRoutes) {
    routes.guarded.get("/me") { _, context in
      Response.json([
        "subject": .string(context.caller.subject), "owner": .text(context.caller.owner),
      ])
    }
    routes.guarded.post("/me") { _, _ in Response.json([:]) }
    routes.guarded.get("/queues") { _, context in
      try context.caller.require(.operator, .admin)
      return Response.json([:])
    }
  }
}

struct CallerTests {
  let door = Door(routes: WhoAmI())

  @Test func `a token says who calls, and whose things the caller sees`() async throws {
    let seller = try await door.ask(.get, "/me", token: Door.token("shop-7"))
    #expect(seller.json == ["subject": "shop-7", "owner": "shop-7"])
    let admin = try await door.ask(.get, "/me", token: Door.token("ann", .admin))
    #expect(admin.json == ["subject": "ann", "owner": nil])
  }

  @Test func `without a token that counts the answer is a challenge`() async throws {
    let stale = try await Authenticator(secret: Door.secret)
      .token(for: .init(subject: "a", role: .admin), validFor: 60, now: Date(timeIntervalSinceNow: -61))
    let foreign = try await Authenticator(secret: "another secret")
      .token(for: .init(subject: "a", role: .admin), validFor: 60)
    let good = try await Door.token()
    for token in [nil, stale, foreign, "", "nonsense", String(good.dropLast(2)) + "xx", good + "."] {
      let answer = try await door.ask(.get, "/me", token: token)
      #expect(answer.status == 401)
      #expect(answer.headers[.wwwAuthenticate]?.hasPrefix("Bearer") == true)
      #expect(answer.headers[.contentType] == "application/problem+json")
    }
  }

  @Test func `an unsigned token is nobody's`() async throws {
    let parts = try await Door.token("a", .admin).split(separator: ".")
    let none = Data(#"{"alg":"none","typ":"JWT"}"#.utf8).base64EncodedString().filter { $0 != "=" }
    #expect(try await door.ask(.get, "/me", token: "\(none).\(parts[1]).").status == 401)
    #expect(try await door.ask(.get, "/me", token: "\(none).\(parts[1]).\(parts[2])").status == 401)
  }

  @Test func `a role that a route is not for is refused`() async throws {
    #expect(try await door.ask(.get, "/queues", token: Door.token()).status == 403)
    #expect(try await door.ask(.get, "/queues", token: Door.token("o", .operator)).status == 200)
  }

  @Test func `tokens of an identity provider count by its key set`() async throws {
    let key = try EdDSA.PrivateKey(curve: .ed25519)
    let public64 = key.publicKey.rawRepresentation.base64EncodedString()
      .replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    var door = door
    door.keySet = """
      {"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k1","alg":"EdDSA","x":"\(public64)"}]}
      """
    let theirs = await JWTKeyCollection().add(eddsa: key, kid: "k1")
    let claims = Claims(sub: "shop-9", role: "seller", exp: .init(value: Date(timeIntervalSinceNow: 60)))
    let answer = try await door.ask(.get, "/me", token: theirs.sign(claims, kid: "k1"))
    #expect(answer.json["subject"] == "shop-9")
    #expect(try await door.ask(.get, "/me", token: Door.token("shop-7")).json["subject"] == "shop-7")
  }

  @Test func `the session cookie counts for the gateway's own pages only`() async throws {
    let cookie = "crossdock_session=\(try await Door.token())"
    func status(_ method: HTTPRequest.Method, _ site: String?) async throws -> Int {
      var headers: HTTPFields = [.cookie: cookie]
      if let site, let name = HTTPField.Name("Sec-Fetch-Site") { headers[name] = site }
      return try await door.ask(method, "/me", headers: headers).status
    }
    #expect(try await status(.get, nil) == 200)
    #expect(try await status(.post, "same-origin") == 200)
    #expect(try await status(.post, "cross-site") == 403)
    #expect(try await status(.get, "cross-site") == 403)
    #expect(try await status(.post, nil) == 403)
  }
}

private struct Claims: JWTPayload {
  var sub: String
  var role: String
  var exp: ExpirationClaim

  func verify(using algorithm: some JWTAlgorithm) throws {}
}
