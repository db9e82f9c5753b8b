import Events
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Marketplaces
import Postgres
import Reads

/// `/realtime-sync`: whether a connection's changes go to the user's other connections, and whether its marketplace
/// tells us of them by webhooks.
struct RealtimeRoutes: Routes {
  let database: Database
  let adapters: Adapters
  /// `BASE_URL`: how marketplaces reach the gateway.
  let baseURL: String

  func add(to routes: GatewayRoutes) {
    routes.guarded.post("/realtime-sync/enable/:connectionId", use: enable)
    routes.guarded.post("/realtime-sync/disable/:connectionId", use: disable)
    routes.guarded.post("/realtime-sync/test/:connectionId", use: test)
    routes.guarded.get("/realtime-sync/status/:connectionId", use: status)
    routes.guarded.get("/realtime-sync/health", use: health)
  }

  /// The rules that a request may set, as `sync_rules` names them.
  private static let rules = [
    "propagateCreates", "propagateUpdates", "propagateDeletes", "propagateInventory",
  ]

  @Sendable private func enable(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: Set(Self.rules + ["enableCrossPlatformSync"]))
    var rules: JSON = [
      "realtimeSyncEnabled": true,
      "propagateChanges": .bool(try fields.bool("enableCrossPlatformSync") ?? true),
    ]
    // What is not named stays as it is: nobody's stock is shared because a request had no body.
    for name in Self.rules { if let value = try fields.bool(name) { rules[name] = .bool(value) } }
    let caller = context.caller
    let account = try await account(context)
    let webhooks = try await register(account)
    let changed = try await set(
      rules, isEnabled: true, of: account, by: caller, kind: "realtime.enable", asked: fields.json)
    return .json(success(changed.merging(["webhooks": webhooks])))
  }

  @Sendable private func disable(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let fields = try await Fields(body: request, known: [])
    let caller = context.caller
    let account = try await account(context)
    let changed = try await set(
      ["realtimeSyncEnabled": false], isEnabled: false, of: account, by: caller, kind: "realtime.disable",
      asked: fields.json)
    return .json(success(changed.merging(["webhooks": try await unregister(account)])))
  }

  @Sendable private func status(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let account = try await account(context)
    let recent = try await database.withConnection { try RealtimeReads.recent(of: account.id, on: $0) }
    let own: JSON = [
      "connection_id": .string(account.key), "platform": .string(account.platform.rawValue),
      "realtime_enabled": .bool(account.realtimeEnabled), "sync_rules": account.syncRules,
      "webhook_url": .string(address(of: account)),
    ]
    return .json(success(own.merging(recent)), for: request)
  }

  /// Asks the marketplace whether it accepts our credentials, and which webhooks it has of us.
  @Sendable private func test(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    _ = try await Fields(body: request, known: [])
    let account = try await account(context)
    var problem: String?
    var webhooks: [WebhookSubscription] = []
    do throws(MarketplaceError) {
      let adapter = try adapters.adapter(for: account)
      try await adapter.check()
      if !adapter.features.webhookTopics.isEmpty { webhooks = try await adapter.webhooks() }
    } catch {
      problem = error.description
    }
    let address = address(of: account)
    return .json(
      success([
        "connection_id": .string(account.key), "reachable": .bool(problem == nil), "problem": .text(problem),
        "webhook_url": .string(address),
        "registered_topics": .array(webhooks.filter { $0.url == address }.map { .string($0.topic) }),
      ]))
  }

  @Sendable private func health(_ request: Request, _ context: CallerContext) async throws -> Response {
    _ = try Fields(query: request, known: [])
    let scope = context.caller.scope()
    let data = try await database.withConnection { try RealtimeReads.health(in: scope, on: $0) }
    return .json(success(data), for: request)
  }

  // MARK: Parts

  private func account(_ context: CallerContext) async throws -> MarketplaceConnection {
    let (target, caller) = (ConnectionTarget(id: try context.connection("connectionId")), context.caller)
    return try await database.withConnection { try target.one(for: caller, on: $0) }
  }

  private func address(of account: MarketplaceConnection) -> String {
    "\(baseURL)/webhook/\(account.platform.rawValue)/\(account.key)"
  }

  private func set(
    _ rules: JSON, isEnabled: Bool, of account: MarketplaceConnection, by caller: Caller, kind: String,
    asked: JSON
  ) async throws -> JSON {
    try await database.transaction { session in
      let rows = try session.query(
        """
        UPDATE platform_connections
           SET sync_rules = sync_rules || $2, realtime_enabled = $3, updated_at = now()
         WHERE id = $1 RETURNING sync_rules
        """, [account.id, JSONText(rules.bytes), isEnabled])
      guard let row = rows.first else { throw Problem.notFound("connection") }
      try ActivityLog.note(kind, by: caller, of: account, body: asked, on: session)
      return [
        "connection_id": .string(account.key), "realtime_enabled": .bool(isEnabled),
        "sync_rules": try JSON.parse(row.bytes(0)),
      ]
    }
  }

  /// Registers every webhook that the marketplace lets us register; answers their topics.
  private func register(_ account: MarketplaceConnection) async throws -> JSON {
    do throws(MarketplaceError) {
      let adapter = try adapters.adapter(for: account)
      for topic in adapter.features.webhookTopics {
        try await adapter.subscribe(to: topic, url: address(of: account))
      }
      return .array(adapter.features.webhookTopics.map { .string($0) })
    } catch {
      throw Problem(error)
    }
  }

  /// Removes what was registered for our address; answers the topics. Whatever the marketplace says, the connection is
  /// off by then.
  private func unregister(_ account: MarketplaceConnection) async throws -> JSON {
    do throws(MarketplaceError) {
      let adapter = try adapters.adapter(for: account)
      guard !adapter.features.webhookTopics.isEmpty else { return [] }
      let ours = try await adapter.webhooks().filter { $0.url == address(of: account) }
      for webhook in ours { try await adapter.unsubscribe(webhook) }
      return .array(ours.map { .string($0.topic) })
    } catch {
      throw Problem(error)
    }
  }
}

extension Problem {
  /// 502, or 503 when the marketplace wants to be left alone.
  fileprivate init(_ error: MarketplaceError) {
    if let wait = error.retryAfter {
      self = .unavailable(error.description, retryAfter: Int(max(1, wait.inSeconds)))
    } else {
      self.init(.badGateway, error.description)
    }
  }
}

extension JSON {
  /// An object with the members of another.
  fileprivate func merging(_ other: JSON) -> JSON { .object(object.merging(other.object) { $1 }) }
}
