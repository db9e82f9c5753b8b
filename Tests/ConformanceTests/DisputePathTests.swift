import Conversations
import Disputes
import Events
import Gateway
import HummingbirdTesting
import Intake
import JSON
import Lane
import Marketplaces
import Outbox
import Polling
import Postgres
import Shopify
import Square
import TestServers
import Testing
import Time
import Topology

import struct Foundation.UUID

/// Disputes that a simulated marketplace tells of by signed webhooks, through the gateway and the consumer to the tables.
@Suite(.timeLimit(.minutes(1))) struct DisputePathTests {
  static let readers: [Platform: any WebhookReader] = [
    .shopify: ShopifyWebhookReader(), .square: SquareWebhookReader(),
  ]

  @Test(arguments: ["shopify", "square"])
  func `each dispute that webhooks tell of has a moderator, and its buyer is told once`(
    account: String
  ) async throws {
    try await Bench.with(account, trades: false, ordersPerSecond: 0) { bench in
      try await bench.database.withConnection { try Moderators.add("anna", on: $0) }
      try await withGateway(of: bench) {
        let disputes = try await live(bench)
        // A webhook that names what has changed is followed by a poll, one that says it all is not.
        let jobs = try await take(from: bench) { message in
          message.route == .job(queue: "poll") && (try? JSON.parse(message.body))?["feed"] == "disputes"
        }
        #expect(jobs.isEmpty == (account == "shopify"))
        for job in jobs { #expect(await poll(job, bench) == .ack) }
        let events = try await take(from: bench) { $0.type == EventType.disputeInitiated.rawValue }
        #expect(events.count >= disputes.count)
        try await hear(events.reversed(), bench)
        try await expect(disputes, bench)
        try await hear(events, bench)
        try await expect(disputes, bench)
      }
    }
  }

  /// The gateway on a free port, where the account delivers its webhooks, signed for the address it was told.
  private func withGateway(of bench: Bench, _ body: @Sendable () async throws -> Void) async throws {
    let routes = WebhookRoutes(
      store: bench.store, database: bench.database,
      configuration: .init(
        readers: Self.readers, rules: IntakeRules(areOrdersTaken: false, maxAge: .seconds(86_400)),
        filter: .standard, baseURL: "http://unused.example", ratePerMinute: 100_000),
      logger: TestServers.silence)
    let gateway = Gateway(
      host: "127.0.0.1", port: 0, metrics: .init(), ready: [], routes: [routes], logger: TestServers.silence)
    try await gateway.application.test(.live) { client in
      let port = try #require(client.port)
      let (platform, key) = (bench.connection.platform.rawValue, bench.connection.key)
      let url = "http://127.0.0.1:\(port)/webhook/\(platform)/\(key)"
      var secrets = bench.secrets
      secrets.set("webhookUrl", to: .string(url))
      _ = try await bench.store.setSecrets(secrets, of: bench.connection.id)
      // What was ordered and paid before is not told of.
      _ = try await bench.control(.post, "/control/orders", ["count": 200])
      _ = try await bench.control(.post, "/control/clock", ["ahead": 8])
      _ = try await bench.control(.get, "/truth/summary")
      _ = try await bench.control(.post, "/control/webhooks", ["url": .string(url)])
      try await body()
    }
  }

  /// Lets half a minute pass at the market, until every webhook was taken. Answers the orders that were complained about.
  private func live(_ bench: Bench) async throws -> [String] {
    _ = try await bench.control(.post, "/control/clock", ["ahead": 30])
    while true {
      let disputes = try await bench.control(.get, "/truth/disputes").array
      let webhooks = try await bench.control(.get, "/truth/webhooks").array
      let taken = webhooks.filter { $0["state"] == "delivered" }.compactMap { $0["id"].text }
      let told = (Self.told[bench.connection.platform] ?? []).map { kind in
        taken.count { $0.hasPrefix(kind + "-") }
      }
      if !disputes.isEmpty, told.allSatisfy({ $0 == disputes.count }), taken.count == webhooks.count {
        #expect(disputes.allSatisfy { $0["told"] == true })
        return disputes.compactMap { $0["orderId"].text }.sorted()
      }
      try await Task.sleep(for: .milliseconds(20))
    }
  }

  /// The webhooks that tell that a dispute was opened, and that it was answered.
  private static let told: [Platform: [String]] = [
    .shopify: ["DISPUTES_CREATE", "DISPUTES_UPDATE"], .square: ["dispute.created", "dispute.state.updated"],
  ]

  private func take(
    from bench: Bench, where isWanted: (OutboundMessage) -> Bool
  ) async throws -> [OutboundMessage] {
    let packets = try await bench.database.withConnection { connection in
      try connection.query("SELECT messages FROM outbox ORDER BY id").map { $0.bytes(0) }
    }
    return try packets.flatMap { try Packet.messages(in: $0) }.filter(isWanted)
  }

  private func poll(_ job: OutboundMessage, _ bench: Bench) async -> Disposition {
    let worker = PollWorker(
      database: bench.database, connections: bench.store,
      adapters: Adapters([bench.connection.platform: { _ in bench.adapter }]), logger: TestServers.silence
    ) {
      PollSettings(schedules: [:], maxPages: 20)
    }
    return await worker.handle(Job(messageId: job.messageId, body: job.body))
  }

  private func hear(_ messages: [OutboundMessage], _ bench: Bench) async throws {
    let templates = try Templates()
    try await bench.database.withConnection { connection in
      var consumer = Disputes(templates: templates) { _ in false }
      for message in messages {
        let event = try Event.decode(message.body)
        #expect(try LaneTransaction.run(&consumer, [event], on: connection).isEmpty)
      }
    }
  }

  /// That exactly these orders are disputed, each by one dispute, with one moderator and one notice.
  private func expect(_ orders: [String], _ bench: Bench) async throws {
    let held = try await bench.database.withConnection { connection in
      try connection.query(
        """
        SELECT concat_ws(' ', c.external_order_id, c.type,
                 (SELECT count(*) FROM order_disputes d
                   WHERE d.connection_id = c.connection_id AND d.external_order_id = c.external_order_id),
                 (SELECT string_agg(m.user_id, ',') FROM conversation_members m
                   WHERE m.conversation_id = c.id AND m.role = 'moderator'),
                 (SELECT string_agg(m.kind, ',') FROM order_messages m WHERE m.conversation_id = c.id))
          FROM order_conversations c WHERE c.connection_id = $1
         ORDER BY c.external_order_id COLLATE "C"
        """, [bench.connection.id]
      ).map { $0.text(0) }
    }
    #expect(held == orders.map { "\($0) dispute 1 anna dispute_notice" })
  }
}
