import Conversations
import Events
import Lane
import Messaging
import Postgres
import TestServers
import Testing
import Time

/// Promise 4, as far as messages allow it (Rule 13: at most one of a kind).
struct PermutationTests {
  private static let seed = SplitMix.seedOfThisRun

  @Test
  func `rule 13: any order and repetition of events gives one message of a kind and the same conversation`()
    async throws
  {
    let templates = try Templates()
    try await withSchema { database in
      for number in 0..<300 {
        let seed = Self.seed &+ UInt64(number)
        var random = SplitMix(seed: seed)
        let user = "seller-\(number)"
        var market = try Market(on: database, user: user, templates: templates)
        let versions = Self.versions(&random)
        let events = versions.enumerated().map { market.event($1, id: "e-\($0)") }
        var deliveries = events + events.filter { _ in Bool.random(using: &random) }
        deliveries.shuffle(using: &random)
        while !deliveries.isEmpty {
          let count = Int.random(in: 1...min(4, deliveries.count), using: &random)
          var seen: Set<String> = []
          let batch = deliveries.prefix(count).filter { seen.insert($0.id).inserted }
          deliveries.removeFirst(count)
          #expect(try market.deliver(Array(batch)).isEmpty)
        }
        try Self.check(market, user: user, versions: versions, seed: seed)
      }
    }
  }

  /// What is true whatever came first.
  private static func check(_ market: Market, user: String, versions: [Order], seed: UInt64) throws {
    let row = try market.database.query(
      """
      SELECT c.is_opened, c.payment->>'status', c.is_cancelled, m.name FROM order_conversations c
        JOIN conversation_members m ON m.conversation_id = c.id AND m.role = 'buyer' WHERE connection_id = $1
      """, [market.connection]
    ).first
    let conversation = try #require(row)
    let last = try #require(
      versions.max {
        ($0.updatedAt ?? .epoch, $0.isCancelled ? 1 : 0) < ($1.updatedAt ?? .epoch, $1.isCancelled ? 1 : 0)
      })
    #expect(conversation.bool(0) == versions.contains { !$0.isCancelled && $0.eligible }, "seed \(seed)")
    #expect(conversation.optionalText(1) == last.financialStatus, "seed \(seed)")
    #expect(conversation.bool(2) == last.isCancelled, "seed \(seed)")
    #expect(conversation.text(3) == last.buyer?.name, "seed \(seed)")
    let sent = try market.sent("order")
    let notified = try market.notifications(user)
    if !last.isCancelled && last.eligible {
      #expect(sent["order_confirmation"] == "stored", "seed \(seed)")
      #expect(notified["order_created"] == 1, "seed \(seed)")
      if last.financialStatus == "paid" {
        #expect(sent["payment_confirmation"] == "stored", "seed \(seed)")
        #expect(notified["payment_received"] == 1, "seed \(seed)")
      }
    }
    if !versions.contains(where: { !$0.isCancelled && $0.eligible }) {
      #expect(sent.isEmpty, "seed \(seed)")
    }
  }

  /// Versions of one order, no two of one moment.
  private static func versions(_ random: inout SplitMix) -> [Order] {
    let start = Timestamp.now() - .seconds(3_600)
    return (0..<Int.random(in: 1...5, using: &random)).map { step in
      let status =
        [OrderStatus.new, .paid, .processing, .shipped, .cancelled].randomElement(using: &random) ?? .new
      return Order(
        externalId: "order", status: status,
        financialStatus: ["pending", "paid"].randomElement(using: &random),
        eligible: Int.random(in: 0..<6, using: &random) != 0, placedAt: start,
        updatedAt: start + .seconds(step), buyer: Buyer(name: "Buyer \(step)"))
    }
  }
}
