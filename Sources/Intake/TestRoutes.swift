import Events
package import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Marketplaces
import Time

import struct Foundation.UUID

/// `/test/webhook/*`, for trying things out (`ENABLE_TEST_ENDPOINTS`): callers with a token, no signatures.
package struct WebhookTestRoutes: Routes {
  private let webhooks: WebhookRoutes

  package init(_ webhooks: WebhookRoutes) {
    self.webhooks = webhooks
  }

  package func add(to routes: GatewayRoutes) {
    routes.guarded.post("/test/webhook/echo") { request, _ in try await echo(request) }
    routes.guarded.post("/test/webhook/shopify/:connectionId") { request, context in
      try await take(request, context)
    }
    for path in ["/:topic", "/:topic/:action"] {
      routes.guarded.post(RouterPath("/test/webhook/generate/:platform" + path)) { request, context in
        let topic = ["topic", "action"].compactMap { context.parameters.get($0) }.joined(separator: "/")
        return try sample(context.parameters.get("platform") ?? "", topic, request)
      }
    }
  }

  /// What arrived, without what identifies the caller.
  private func echo(_ request: Request) async throws -> Response {
    let bytes = try await request.bytes(upTo: WebhookRoutes.maxBytes)
    let headers = request.headers.filter { $0.name != .authorization && $0.name != .cookie }
    let body = (try? JSON.parse(bytes)) ?? .string(String(decoding: bytes, as: UTF8.self))
    return .json([
      "status": "success",
      "headers": .object(
        headers.reduce(into: [:]) { $0[$1.name.canonicalName] = .string($1.value) }),
      "bytes": .integer(bytes.count), "body": body,
    ])
  }

  /// A webhook as if Shopify had sent it, for a connection of the caller; it is stored and has its effects.
  private func take(_ request: Request, _ context: CallerContext) async throws -> Response {
    guard let id = context.parameters.get("connectionId").flatMap({ UUID(uuidString: $0) }),
      let account = try await webhooks.accounts.account(id), account.connection.platform == .shopify,
      context.caller.owner == nil || context.caller.owner == account.connection.userId
    else { throw Problem.notFound("connection") }
    guard let reader = webhooks.configuration.readers[.shopify] else {
      throw Problem(.notImplemented, "webhooks of shopify can't be read yet")
    }
    let webhook = WebhookRequest(
      headers: request.headers.lowercased, body: try await request.bytes(upTo: WebhookRoutes.maxBytes),
      receivedAt: .now())
    return try await webhooks.store(webhook, reader, account.connection)
  }

  private func sample(_ platform: String, _ topic: String, _ request: Request) throws -> Response {
    _ = try Fields(query: request, known: [])
    guard let platform = Platform(rawValue: platform), let sample = SampleWebhook(platform, topic: topic)
    else {
      let known = WebhookRoutes.platforms.map { platform in
        "\(platform.rawValue): \(SampleWebhook.topics(of: platform).joined(separator: ", "))"
      }
      throw Problem(.notFound, "there is no such sample; there are \(known.joined(separator: "; "))")
    }
    let now = Timestamp.now()
    return .json([
      "status": "success", "platform": .string(platform.rawValue), "topic": .string(topic),
      "headers": .object(sample.headers(at: now).mapValues(JSON.string)), "payload": sample.payload(at: now),
    ])
  }
}
