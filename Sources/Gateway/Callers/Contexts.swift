package import Hummingbird

/// What is known about any request.
package struct GatewayContext: RequestContext {
  package var coreContext: CoreRequestContextStorage
  /// Set by `Authentication`; nil on open routes.
  package var caller: Caller?

  package init(source: Source) {
    coreContext = .init(source: source)
  }

  /// For a request that another one makes within the process.
  package init(beside context: some RequestContext) {
    coreContext = .init(source: context)
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
