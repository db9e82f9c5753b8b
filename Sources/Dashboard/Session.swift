import Crypto
package import Foundation
package import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Time

/// A signed address that signs somebody in once, within a quarter of an hour; it is no bearer token.
package struct SignInLink: Sendable {
  private let key: SymmetricKey
  private let lifetime: TimeInterval = 900

  /// `secret`: `API_JWT_SECRET`; links are signed with a key derived from it.
  package init(secret: String) {
    key = HKDF<SHA256>.deriveKey(
      inputKeyMaterial: SymmetricKey(data: Data(secret.utf8)), info: Data("crossdock sign-in link".utf8),
      outputByteCount: 32)
  }

  /// The text behind `/sign-in?link=`.
  package func make(for caller: Caller, now: Date = Date()) -> String {
    let expires = Int64(now.addingTimeInterval(lifetime).timeIntervalSince1970)
    let claims: JSON = [
      "sub": .string(caller.subject), "role": .string(caller.role.rawValue), "exp": .integer(expires),
      "once": .string(UUID().uuidString.lowercased()),
    ]
    let body = Data(claims.bytes).base64URL
    return body + "." + Data(HMAC<SHA256>.authenticationCode(for: Data(body.utf8), using: key)).base64URL
  }

  /// Whom a link signs in, and its one use; nil when it is not ours or too old.
  package func read(_ link: String, now: Date = Date()) -> (caller: Caller, once: String)? {
    let parts = link.split(separator: ".", maxSplits: 1).map(String.init)
    guard parts.count == 2, let code = Data(base64URL: parts[1]), let body = Data(base64URL: parts[0]),
      HMAC<SHA256>.isValidAuthenticationCode(code, authenticating: Data(parts[0].utf8), using: key),
      let claims = try? JSON.parse(Array(body)), let expires = claims["exp"].integer,
      Double(expires) > now.timeIntervalSince1970, let subject = claims["sub"].text,
      let role = claims["role"].text.flatMap(Caller.Role.init), let once = claims["once"].text
    else { return nil }
    return (Caller(subject: subject, role: role), once)
  }
}

extension Data {
  fileprivate var base64URL: String {
    base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
  }

  fileprivate init?(base64URL text: String) {
    let plain = text.replacing("-", with: "+").replacing("_", with: "/")
    self.init(base64Encoded: plain + String(repeating: "=", count: (4 - plain.count % 4) % 4))
  }
}

/// Lets those pass who have signed in, and shows the others where; what a page throws becomes a page.
struct SignedIn: RouterMiddleware {
  typealias Context = GatewayContext

  let authenticator: Authenticator
  let views: Views

  func handle(
    _ request: Request, context: GatewayContext, next: (Request, GatewayContext) async throws -> Response
  ) async throws -> Response {
    var context = context
    guard let token = request.cookies[SessionCookie.name]?.value,
      let caller = try? await authenticator.caller(of: token)
    else { return .seeOther("/sign-in?next=" + request.uri.string.percentEncoded) }
    context.caller = caller
    do {
      if request.method != .get && request.method != .head { try SessionCookie.refuseForeign(request) }
      return try await next(request, context)
    } catch {
      return try views.problem(error, for: caller)
    }
  }
}

extension Response {
  /// To another page, by GET.
  static func seeOther(_ location: String) -> Response {
    Response(status: .seeOther, headers: [.location: location, .cacheControl: "no-store"])
  }
}
