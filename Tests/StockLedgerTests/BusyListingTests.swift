import Events
import Foundation
import Postgres
import StockLedger
import TestServers
import Testing
import Time

/// A listing that sells every few seconds and is read several times for the same second, as a feed does that names every
/// change of it: no base stands alone for long, and each is explained by the one before it.
struct BusyListingTests {
  @Test func `the stock of a listing that is never quiet is what all of its facts say`() async throws {
    let seed = SplitMix.seedOfThisRun
    try await TestDatabase.with { test in
      let url = test.url
      try await onThread {
        let connection = try fast(url)
        for number in 0..<8 {
          let listing = BusyListing(marketplace: number + 1, seed: seed &+ UInt64(number))
          var random = SplitMix(seed: ~(seed &+ UInt64(number)))
          var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
          var deliveries = listing.events[...]
          while !deliveries.isEmpty {
            let count = Int.random(in: 1...4, using: &random)
            try commit(&ledger, Array(deliveries.prefix(count)), on: connection)
            deliveries = deliveries.dropFirst(count)
          }
          let rows = try connection.query(
            "SELECT on_hand FROM marketplace_stock WHERE marketplace_id = $1", [listing.marketplace])
          #expect(rows.map { $0.int(0) } == [listing.expected], "seed \(seed), listing \(number)")
        }
      }
    }
  }
}

/// Sales to the millisecond, and snapshots by a clock of whole seconds, in the order in which they are heard of.
private struct BusyListing {
  let connection = UUID().uuidString.lowercased()
  let marketplace: Int
  private(set) var events: [Event] = []
  private var sales: [(at: Timestamp, quantity: Int)] = []
  private var bases: [Base] = []

  private static let start = Timestamp(secondsSince1970: 1_760_000_000)

  init(marketplace: Int, seed: UInt64) {
    self.marketplace = marketplace
    var random = SplitMix(seed: seed)
    var heard: [(at: Timestamp, event: Event)] = []
    var now = Self.start
    while now < Self.start + .seconds(60) {
      now = now + .milliseconds(Int.random(in: 100...6_000, using: &random))
      let quantity = Int.random(in: 1...2, using: &random)
      sales.append((now, quantity))
      let wait = [500, 800, 1_500, 20_000].randomElement(using: &random) ?? 0
      heard.append((now + .milliseconds(wait), sale(sales.count, of: quantity, at: now)))
    }
    for reading in 0..<25 {
      let at = Self.start + .milliseconds(Int.random(in: 0...60_000, using: &random))
      for copy in 0..<Int.random(in: 1...5, using: &random) {
        heard.append((at + .milliseconds(300), snapshot("\(reading)-\(copy)", at: at)))
      }
    }
    events = heard.sorted { $0.at < $1.at }.map(\.event)
  }

  var expected: Int {
    ListingFacts(bases: bases, steps: sales.map { (at: $0.at, size: -$0.quantity) }).share
  }

  private func sale(_ number: Int, of quantity: Int, at: Timestamp) -> Event {
    var order = Order(externalId: "order-\(number)", status: .new, updatedAt: at)
    order.placedAt = at
    order.lines = [
      OrderLine(externalId: "line-\(number)", listingId: "offer", sku: "SKU", quantity: quantity)
    ]
    return event("order-\(number)", .orderCreated, at: at, .order(order))
  }

  private mutating func snapshot(_ id: String, at moment: Timestamp) -> Event {
    let quantity = 200 - sales.lazy.filter { $0.at <= moment }.reduce(0) { $0 + $1.quantity }
    let second = Timestamp(secondsSince1970: moment.secondsSince1970)
    let event = event(
      "snapshot-\(id)", .inventoryUpdated, at: second,
      .inventory(Inventory(listingId: "offer", sku: "SKU", quantity: quantity, asOf: second)))
    bases.append(Base(at: second, kind: .snapshot, quantity: quantity, id: event.id))
    return event
  }

  private func event(_ id: String, _ type: EventType, at: Timestamp, _ subject: Event.Payload) -> Event {
    Event(
      id: "square:\(connection):\(id)", type: type, time: at, connectionId: connection, platform: "square",
      marketplaceId: marketplace, observedAt: at, subjectData: subject)
  }
}
