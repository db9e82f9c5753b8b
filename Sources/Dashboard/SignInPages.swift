import Gateway
import HTTPTypes
import Hummingbird
import Postgres

/// Signing in, by a token or a one-time link, and out.
struct SignInPages {
  let dashboard: Dashboard

  /// How long a session lasts, in seconds.
  private static let lifetime = 12 * 3_600

  func add(to routes: RouterGroup<GatewayContext>) {
    routes.get("/sign-in", use: show)
    routes.post("/sign-in", use: signIn)
    routes.post("/sign-out", use: signOut)
  }

  /// A link only asks here, and is used by the button's POST: what opens addresses to look at them uses none up.
  @Sendable private func show(_ request: Request, _ context: GatewayContext) async throws -> Response {
    var values: [String: Any] = ["next": Self.local(request.query("next"))]
    if let link = request.query("link") {
      guard let (caller, _) = dashboard.links.read(link) else {
        return try page(["problem": "This link is not valid any longer. Ask for a new one."], .forbidden)
      }
      values["link"] = ["text": link, "subject": caller.subject, "role": caller.role.rawValue]
    }
    return try page(values)
  }

  @Sendable private func signIn(_ request: Request, _ context: GatewayContext) async throws -> Response {
    let form: [String: String]
    do {
      try SessionCookie.refuseForeign(request)
      form = try await request.form()
    } catch let problem as Problem {
      return try page(["problem": problem.detail], problem.status)
    }
    let next = Self.local(form["next"])
    do {
      let session = try await session(form)
      var response = Response.seeOther(next)
      response.setCookie(cookie(session, lasting: Self.lifetime))
      return response
    } catch let problem as Problem {
      return try page(["problem": problem.detail, "next": next], .forbidden)
    }
  }

  @Sendable private func signOut(_ request: Request, _ context: GatewayContext) async throws -> Response {
    try SessionCookie.refuseForeign(request)
    var response = Response.seeOther("/sign-in")
    response.setCookie(cookie("", lasting: 0))
    return response
  }

  /// The token of the session for what the form brings.
  private func session(_ form: [String: String]) async throws -> String {
    if let link = form["link"], !link.isEmpty {
      guard let (caller, once) = dashboard.links.read(link), try await use(once, by: caller) else {
        throw Problem(.forbidden, "This link is not valid any longer. Ask for a new one.")
      }
      return try await dashboard.authenticator.token(for: caller, validFor: Self.lifetime)
    }
    let token = (form["token"] ?? "").filter { !$0.isWhitespace }
    guard (try? await dashboard.authenticator.caller(of: token)) != nil else {
      throw Problem(.forbidden, "This token is not valid, or no longer.")
    }
    // The token itself, so that no session lives longer than whoever gave it meant it to.
    return token
  }

  /// False when the link was used before.
  private func use(_ once: String, by caller: Caller) async throws -> Bool {
    try await dashboard.database.withConnection { connection in
      try connection.query(
        """
        INSERT INTO idempotency_keys (subject, key, request) VALUES ($1, $2, '')
        ON CONFLICT (subject, key) DO NOTHING
        """, [caller.subject, "sign-in link " + once]
      ).affected == 1
    }
  }

  private func cookie(_ value: String, lasting seconds: Int) -> Cookie {
    Cookie(
      name: SessionCookie.name, value: value, maxAge: seconds, path: "/", secure: dashboard.isSecure,
      httpOnly: true, sameSite: .lax)
  }

  private func page(_ values: [String: Any], _ status: HTTPResponse.Status = .ok) throws -> Response {
    try dashboard.views.page("sign-in", values, title: "Sign in", for: nil, status: status)
  }

  /// Only paths of this gateway are gone on to.
  private static func local(_ path: String?) -> String {
    guard let path, path.hasPrefix("/"), !path.hasPrefix("//"), !path.contains("\\"),
      path.unicodeScalars.allSatisfy({ $0.value > 32 && $0.value < 127 })
    else { return "/" }
    return path
  }
}
