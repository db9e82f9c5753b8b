package import Hummingbird
package import ServiceLifecycle

/// A feature's routes. It keeps what it needs (a `Database`, a `ConnectionStore`, …) and adds its routes once, before
/// the gateway starts; its handlers throw a `Problem`, or anything that `Problem.init(_: any Error)` has words for.
package protocol Routes: Sendable {
  func add(to routes: GatewayRoutes)

  /// Where WebSockets are opened.
  var sockets: [WebSocketEndpoint] { get }

  /// What must run as long as requests are answered, and a little longer.
  var services: [any Service] { get }
}

extension Routes {
  package var services: [any Service] { [] }
  package var sockets: [WebSocketEndpoint] { [] }
}

/// Where routes are added.
package struct GatewayRoutes {
  /// For anybody: health, webhooks, the sign-in page.
  package let open: RouterGroup<GatewayContext>
  /// For callers with a token; `context.caller` says who it is.
  package let guarded: RouterGroup<CallerContext>

  init(_ router: Router<GatewayContext>, authenticator: Authenticator?) {
    open = router.group()
    guarded = router.group().add(middleware: Authentication(authenticator: authenticator))
      .group(context: CallerContext.self)
  }
}
