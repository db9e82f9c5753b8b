package import HTTPTypes
package import Hummingbird
import Logging

/// Lets only those pass who have a token, in `Authorization: Bearer` or in the dashboard's cookie.
struct Authentication: RouterMiddleware {
  typealias Context = GatewayContext

  /// Nil when the process has neither a secret nor keys.
  let authenticator: Authenticator?

  func handle(
    _ request: Request, context: GatewayContext, next: (Request, GatewayContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    do { context.caller = try await caller(of: request) } catch let problem as Problem {
      if problem.status == .unauthorized { context.logger.notice("a caller is refused: \(problem.detail)") }
      throw problem
    }
    return try await next(request, context)
  }

  func caller(of request: Request) async throws -> Caller {
    guard let authenticator else {
      throw Problem(.serviceUnavailable, "no token can be checked: API_JWT_SECRET is not set")
    }
    if let header = request.headers[.authorization] {
      guard let token = Self.bearer(header) else {
        throw Problem.unauthorized("the Authorization header is not 'Bearer <token>'")
      }
      return try await authenticator.caller(of: token)
    }
    guard let session = request.cookies[SessionCookie.name]?.value else {
      throw Problem.unauthorized("a bearer token is needed: `crossdock token` makes one")
    }
    try SessionCookie.refuseForeign(request)
    return try await authenticator.caller(of: session)
  }

  /// The token of `Bearer <token>`; the scheme is compared without case (RFC 9110).
  static func bearer(_ header: String) -> String? {
    let parts = header.split(separator: " ", maxSplits: 1)
    guard parts.count == 2, parts[0].lowercased() == "bearer" else { return nil }
    return String(parts[1])
  }
}

/// The dashboard's cookie: a token like any other, which the browser sends by itself.
package enum SessionCookie {
  package static let name = "crossdock_session"

  /// A browser sends the cookie wherever a page leads it, so a page of another origin may neither change nor stream
  /// anything with it.
  package static func refuseForeign(_ request: Request) throws(Problem) {
    if let site = request.headers[.secFetchSite] {
      guard site == "same-origin" || site == "none" else { throw foreign }
    } else if let origin = request.headers[.origin] {
      guard let host = request.head.authority, origin.hasSuffix("://" + host) else { throw foreign }
    } else if request.method != .get && request.method != .head {
      throw foreign
    }
  }

  private static var foreign: Problem {
    Problem(.forbidden, "the session cookie counts only for pages of this gateway itself")
  }
}

extension HTTPField.Name {
  static let forwardedFor = Self.make("X-Forwarded-For")
  static let secFetchSite = Self.make("Sec-Fetch-Site")
  package static let idempotencyKey = Self.make("Idempotency-Key")
  package static let lastEventId = Self.make("Last-Event-ID")

  /// A field name of ours; every one of them is a token of RFC 9110.
  static func make(_ name: String) -> HTTPField.Name { HTTPField.Name(name) ?? .origin }
}
