package import Hummingbird
import Logging
import NIOCore

/// What is known about any request.
package struct GatewayContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Set by `Authentication`; nil on open routes.
  package var caller: Caller?
  /// The address at the other end of the connection; nil where there is none.
  let peer: String?

  package init(source: Source) {
    coreContext = .init(source: source)
    peer = source.channel.remoteAddress?.ipAddress
  }

  /// For a request that another one makes within the process.
  package init(beside context: some RequestContext) {
    coreContext = .init(source: context)
    peer = nil
  }
}

/// What is known about a request to a guarded route.
package struct CallerContext: ChildRequestContext {
  package var coreContext: CoreRequestContextStorage
  package var caller: Caller

  package init(context: GatewayContext) throws {
    guard let caller = context.caller else { throw Problem.unauthorized("there is no token") }
    coreContext = context.coreContext
    self.caller = caller
  }
}

/// Names the client in whatever is logged about its request.
struct ClientNames: RouterMiddleware {
  typealias Context = GatewayContext

  let proxies: TrustedProxies

  func handle(
    _ request: Request, context: GatewayContext, next: (Request, GatewayContext) async throws -> Response
  ) async throws -> Response {
    guard let peer = context.peer else { return try await next(request, context) }
    var context = context
    let forwarded = request.headers[values: .forwardedFor]
    let client = proxies.client(peer: peer, forwarded: forwarded)
    context.logger[metadataKey: "client"] = "\(client)"
    return try await next(request, context)
  }
}
