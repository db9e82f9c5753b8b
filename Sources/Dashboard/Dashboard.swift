import Foundation
package import Gateway
import Hummingbird
package import JSON
package import Logging
package import Postgres
package import ServiceLifecycle

/// The dashboard at `/` of the gateway: pages made on the server out of what the API answers their visitor.
package struct Dashboard: Routes {
  let api: InternalAPI
  let authenticator: Authenticator
  let links: SignInLink
  let database: Database
  let isSecure: Bool
  let views: Views
  let history = DepthHistory()
  private let look: @Sendable () async throws -> [JSON]
  private let logger: Logger

  /// - Parameters:
  ///   - secret: `API_JWT_SECRET`
  ///   - database: keeps which sign-in links were used.
  ///   - baseURL: `BASE_URL`; behind TLS the session's cookie is for TLS alone.
  ///   - look: gives the queues as `/api/v1/queues` does.
  package init(
    api: InternalAPI, authenticator: Authenticator, secret: String, database: Database, baseURL: String,
    logger: Logger, look: @escaping @Sendable () async throws -> [JSON]
  ) throws {
    self.api = api
    self.authenticator = authenticator
    links = SignInLink(secret: secret)
    self.database = database
    isSecure = baseURL.hasPrefix("https://")
    views = try Views()
    self.logger = logger
    self.look = look
  }

  package var services: [any Service] { [DepthSampler(history: history, logger: logger, look: look)] }

  package func add(to routes: GatewayRoutes) {
    let views = views
    routes.open.get("/assets/:name") { _, context in
      try views.asset(context.parameters.get("name") ?? "")
    }
    SignInPages(dashboard: self).add(to: routes.open)
    addPages(to: routes.open)
  }

  /// What only those see who have signed in.
  func addPages(to routes: RouterGroup<GatewayContext>) {
    let pages = routes.group().add(middleware: SignedIn(authenticator: authenticator, views: views))
      .group(context: CallerContext.self)
    OverviewPage(dashboard: self).add(to: pages)
    DeadLetterPages(dashboard: self).add(to: pages)
    StockPages(dashboard: self).add(to: pages)
    OrderPages(dashboard: self).add(to: pages)
    ConnectionPages(dashboard: self).add(to: pages)
    PollingPage(dashboard: self).add(to: pages)
    ReconciliationPage(dashboard: self).add(to: pages)
    ListPages(dashboard: self).add(to: pages)
  }

  /// Who looks, with the token that the API is asked with.
  func visitor(_ request: Request, _ context: CallerContext) -> Visitor {
    Visitor(
      caller: context.caller, token: request.cookies[SessionCookie.name]?.value ?? "", context: context)
  }
}

extension Request {
  /// The fields of a form.
  func form() async throws -> [String: String] {
    let text = String(decoding: try await bytes(upTo: 2_097_152), as: UTF8.self)
    return text.formFields
  }

  /// A parameter of the address; nil when it is missing or empty.
  func query(_ name: String) -> String? {
    let value = (uri.query ?? "").formFields[name]
    return value?.isEmpty == false ? value : nil
  }
}

extension String {
  /// Names and values as forms and queries encode them; of a name that comes twice the last one counts.
  fileprivate var formFields: [String: String] {
    split(separator: "&").reduce(into: [:]) { fields, pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let decoded = parts.map { String($0).replacing("+", with: " ").removingPercentEncoding ?? "" }
      fields[decoded.first ?? ""] = decoded.count > 1 ? decoded[1] : ""
    }
  }
}
