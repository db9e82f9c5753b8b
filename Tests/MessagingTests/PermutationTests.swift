import Conversations
import Events
import Foundation
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
    let seed = Self.seed
    let templates = try Templates()
    let failure = try await withSchema { database in
      try Arrivals.smallestFailure(of: 300, seed: seed) { seed in
        var random = SplitMix(seed: ~seed)
        return Arrivals(of: Self.versions(seed).count, batch: 4, using: &random)
      } failure: { seed, arrivals in
        let user = UUID().uuidString
        var market = try Market(on: database, user: user, templates: templates)
        let versions = Self.versions(seed)
        let events = versions.enumerated().map { market.event($1, id: "e-\($0)") }
        for batch in arrivals.batches {
          if try !market.deliver(batch.map { events[$0] }).isEmpty { return "a message has no effect" }
        }
        return try Self.wrong(market, user: user, versions: arrivals.messages.map { versions[$0] })
      }
    }
    #expect(failure == nil)
  }

  /// What is wrong when these versions have come, whatever came first.
  private static func wrong(_ market: Market, user: String, versions: [Order]) throws -> String? {
    func moment(_ order: Order) -> (Timestamp, Int) { (order.updatedAt ?? .epoch, order.isCancelled ? 1 : 0) }
    guard let last = versions.max(by: { moment($0) < moment($1) }) else { return nil }
    let row = try market.database.query(
      """
      SELECT c.is_opened, c.payment->>'status', c.is_cancelled, m.name FROM order_conversations c
        JOIN conversation_members m ON m.conversation_id = c.id AND m.role = 'buyer' WHERE connection_id = $1
      """, [market.connection]
    ).first
    guard let row else { return "there is no conversation" }
    let isOpened = versions.contains { !$0.isCancelled && $0.eligible }
    if row.bool(0) != isOpened { return "opened: \(row.bool(0))" }
    if row.optionalText(1) != last.financialStatus { return "paid: \(row.optionalText(1) ?? "unknown")" }
    if row.bool(2) != last.isCancelled { return "cancelled: \(row.bool(2))" }
    if row.text(3) != last.buyer?.name { return "the buyer is \(row.text(3))" }
    let sent = try market.sent("order")
    if !isOpened { return sent.isEmpty ? nil : "sent for nothing: \(sent)" }
    guard !last.isCancelled && last.eligible else { return nil }
    let notified = try market.notifications(user)
    var kinds = [("order_confirmation", "order_created")]
    if last.financialStatus == "paid" { kinds.append(("payment_confirmation", "payment_received")) }
    for (message, notification) in kinds where sent[message] != "stored" || notified[notification] != 1 {
      return "\(message) is \(sent[message] ?? "missing"), \(notified[notification] ?? 0) \(notification)"
    }
    return nil
  }

  /// Versions of one order, no two of one moment.
  private static func versions(_ seed: UInt64) -> [Order] {
    var random = SplitMix(seed: seed)
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
