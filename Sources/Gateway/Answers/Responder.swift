import HTTPTypes
package import Hummingbird
import Logging
import Metrics

/// Answers every request: by its route, or with a problem that says why not.
package struct Responder: HTTPResponder {
  package typealias Context = GatewayContext

  private let routes: RouterResponder<GatewayContext>
  private let paths: [Path]

  private struct Path {
    var path: RouterPath
    var methods: Set<HTTPRequest.Method>
  }

  init(_ router: Router<GatewayContext>) {
    routes = router.buildResponder()
    paths = Dictionary(grouping: router.routes, by: \.path.description).values.map { routes in
      Path(path: routes[0].path, methods: Set(routes.map(\.method)))
    }
  }

  package func respond(to request: Request, context: GatewayContext) async throws -> Response {
    let start = ContinuousClock.now
    var response = try await routes.respond(to: request, context: context)
    var route = context.coreContext.endpointPath.value ?? "none"
    if route == "NotFound" {
      route = "none"
      response = missing(request).response
    }
    note(request, response, route: route, took: .now - start)
    return response
  }

  /// 405 where another method would do, else 404.
  private func missing(_ request: Request) -> Problem {
    let segments = request.uri.path.split(separator: "/")
    let here = paths.filter { $0.path.matches(segments) }
    // A path that names the segments goes before one that would capture them.
    let literal = here.filter { !$0.path.description.contains { $0 == "{" || $0 == ":" } }
    let methods = (literal.isEmpty ? here : literal).reduce(into: Set()) { $0.formUnion($1.methods) }
    guard !methods.isEmpty else { return Problem(.notFound, "there is nothing at this path") }
    let allowed = methods.map(\.rawValue).sorted().joined(separator: ", ")
    return Problem(.methodNotAllowed, "the path takes \(allowed)", headers: [.allow: allowed])
  }

  private func note(_ request: Request, _ response: Response, route: String, took time: Duration) {
    let known = Self.methods.contains(request.method)
    Counter(
      label: "crossdock_http_requests_total",
      dimensions: [
        ("method", known ? request.method.rawValue : "other"), ("route", route),
        ("status", String(response.status.code)),
      ]
    ).increment()
    Metrics.Timer(label: "crossdock_http_request_seconds", dimensions: [("route", route)])
      .record(duration: time)
  }

  private static let methods: Set<HTTPRequest.Method> = [.get, .head, .post, .put, .patch, .delete, .options]
}

extension RouterPath {
  /// Whether a path of these segments would be led here.
  fileprivate func matches(_ segments: [Substring]) -> Bool {
    components.count == segments.count && zip(components, segments).allSatisfy { $0 ~= $1 }
  }
}

/// Turns what a route throws into a problem, in the words of the one table; what is not in it is logged.
struct Problems: RouterMiddleware {
  typealias Context = GatewayContext

  func handle(
    _ request: Request, context: GatewayContext, next: (Request, GatewayContext) async throws -> Response
  ) async throws -> Response {
    do {
      return try await next(request, context)
    } catch {
      if let problem = Problem(error) { return problem.response }
      context.logger.error(
        "a request failed: \(error)",
        metadata: ["method": "\(request.method)", "route": "\(context.endpointPath ?? "none")"])
      return Problem(.internalServerError, "the gateway failed; its log says why, under \(context.id)")
        .response
    }
  }
}
