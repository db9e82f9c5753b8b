package import Events
package import Gateway
import HTTPTypes
import Hummingbird
import JSON
package import Logging
package import Marketplaces
import Metrics
package import Postgres
package import ServiceLifecycle
import Time

import struct Foundation.UUID

/// `POST /webhook/<platform>/<connection>`: checks the signature over the raw body, reads what is said, and answers 200
/// once it has been committed.
package struct WebhookRoutes: Routes {
  let accounts: WebhookAccounts
  let writer: WebhookWriter
  let configuration: Configuration
  let logger: Logger

  package struct Configuration: Sendable {
    package var readers: [Platform: any WebhookReader]
    package var rules: IntakeRules
    package var filter: OrderFilter
    /// `BASE_URL`: what marketplaces were told to call.
    package var baseURL: String
    /// `WEBHOOK_RATE_LIMIT_PER_MINUTE`, per connection and gateway.
    package var ratePerMinute: Int
    /// Secrets of the application, which count for every connection of the platform.
    package var secrets: [Platform: [String]]

    package init(
      readers: [Platform: any WebhookReader], rules: IntakeRules, filter: OrderFilter, baseURL: String,
      ratePerMinute: Int, secrets: [Platform: [String]] = [:]
    ) {
      self.readers = readers
      self.rules = rules
      self.filter = filter
      self.baseURL = baseURL
      self.ratePerMinute = ratePerMinute
      self.secrets = secrets
    }
  }

  /// The platforms that send webhooks.
  static let platforms: [Platform] = [.shopify, .square, .clover, .refurbed, .woocommerce]
  static let maxBytes = 1_048_576

  /// `database` needs two connections: one that writes, one that looks connections up.
  package init(
    store: ConnectionStore, database: Database, configuration: Configuration, logger: Logger
  ) {
    accounts = WebhookAccounts(store: store)
    writer = WebhookWriter(database: database, logger: logger)
    self.configuration = configuration
    self.logger = logger
  }

  package var services: [any Service] { [writer] }

  package func add(to routes: GatewayRoutes) {
    for platform in Self.platforms {
      routes.open.post("/webhook/\(platform.rawValue)/:connectionId") { request, context in
        let start = ContinuousClock.now
        do {
          let response = try await take(
            request, platform, context.parameters.get("connectionId"), context.logger)
          note(platform, response.status, took: .now - start)
          return response
        } catch let problem as Problem {
          note(platform, problem.status, took: .now - start)
          throw problem
        }
      }
    }
  }

  private func note(_ platform: Platform, _ status: HTTPResponse.Status, took time: Duration) {
    let dimensions = [("platform", platform.rawValue), ("status", String(status.code))]
    Counter(label: "crossdock_webhooks_total", dimensions: dimensions).increment()
    Metrics.Timer(label: "crossdock_webhook_seconds", dimensions: [("platform", platform.rawValue)])
      .record(duration: time)
  }

  private func take(
    _ request: Request, _ platform: Platform, _ id: String?, _ logger: Logger
  ) async throws -> Response {
    guard let id = id.flatMap({ UUID(uuidString: $0) }), let account = try await accounts.account(id),
      account.connection.platform == platform
    else { throw Problem.notFound("connection") }
    guard let reader = configuration.readers[platform] else {
      throw Problem(.notImplemented, "webhooks of \(platform.rawValue) can't be read yet")
    }
    let webhook = WebhookRequest(
      headers: request.headers.lowercased, body: try await request.bytes(upTo: Self.maxBytes),
      receivedAt: .now())
    if let answer = reader.handshake(webhook) { return .json(answer) }
    let trusted = try await genuine(webhook, reader, account, logger)
    if let seconds = accounts.admit(id, limit: configuration.ratePerMinute) {
      throw Problem(
        .tooManyRequests, "more than \(configuration.ratePerMinute) webhooks a minute for this connection",
        headers: [.retryAfter: String(seconds)])
    }
    return try await store(webhook, reader, trusted.connection)
  }

  /// The account, when the webhook is signed with one of its secrets. One that fits none is looked at again with those
  /// that are in the database now.
  private func genuine(
    _ webhook: WebhookRequest, _ reader: any WebhookReader, _ account: WebhookAccount, _ logger: Logger
  ) async throws -> WebhookAccount {
    if reader.isGenuine(webhook, keys: keys(of: account, at: webhook.receivedAt)) { return account }
    guard let fresh = try await accounts.account(account.connection.id, fresh: true) else {
      throw Problem.notFound("connection")
    }
    guard reader.isGenuine(webhook, keys: keys(of: fresh, at: webhook.receivedAt)) else {
      logger.warning(
        "a webhook with a bad signature is refused",
        metadata: [
          "connection": "\(fresh.connection.key)", "platform": "\(fresh.connection.platform.rawValue)",
        ])
      throw Problem(.unauthorized, "the signature is not one of this connection's secrets")
    }
    return fresh
  }

  func keys(of account: WebhookAccount, at now: Timestamp) -> WebhookKeys {
    let connection = account.connection
    let own = account.secrets.webhookSecrets(at: now)
    return WebhookKeys(
      secrets: own + (configuration.secrets[connection.platform] ?? []),
      url: account.secrets.text("webhookUrl")
        ?? "\(configuration.baseURL)/webhook/\(connection.platform.rawValue)/\(connection.key)")
  }

  /// Reads, commits, and answers; also for the test route, whose caller vouches for what is said.
  func store(
    _ webhook: WebhookRequest, _ reader: any WebhookReader, _ connection: MarketplaceConnection
  ) async throws -> Response {
    let arrival: Arrival
    do {
      let reading = try reader.read(webhook, for: connection, filter: configuration.filter)
      warn(about: reading, connection)
      arrival = configuration.rules.arrival(
        of: reading, for: connection, size: webhook.body.count + 512, at: webhook.receivedAt)
    } catch {
      logger.warning(
        "a genuine webhook can't be read: \(error)", metadata: ["connection": "\(connection.key)"])
      throw Problem(.badRequest, "the webhook can't be read: \(error)")
    }
    do {
      let new = try await writer.store(arrival)
      return .json(["status": "success", "items": .integer(arrival.items.count), "new": .integer(new)])
    } catch {
      switch error {
      case .busy: throw Problem.unavailable("too many webhooks wait to be stored", retryAfter: 1)
      case .unavailable: throw Problem.unavailable("the webhook can't be stored now", retryAfter: 5)
      case .unfit: throw Problem(.badRequest, "the webhook holds values that can't be stored")
      }
    }
  }

  /// Says what nobody here has a use for, or does not understand: a topic that shouldn't be subscribed to, perhaps.
  private func warn(about reading: WebhookReading, _ connection: MarketplaceConnection) {
    guard case .items(let items) = reading else { return }
    for item in items {
      switch item.meaning {
      case .event: break
      case .skipped(let reason), .failed(let reason):
        logger.warning("a webhook has no effect: \(reason)", metadata: connection.metadata(item))
      }
    }
  }
}

extension MarketplaceConnection {
  fileprivate func metadata(_ item: FeedItem) -> Logger.Metadata {
    [
      "connection": "\(key)", "platform": "\(platform.rawValue)", "type": "\(item.raw.type)",
      "event": "\(item.raw.id)",
    ]
  }
}

extension HTTPFields {
  /// By names in lower case; of a header that came twice the last value.
  var lowercased: [String: String] {
    reduce(into: [:]) { $0[$1.name.canonicalName] = $1.value }
  }
}
