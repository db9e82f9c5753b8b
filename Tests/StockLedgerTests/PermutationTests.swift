import Events
import Foundation
import Lane
import Postgres
import StockLedger
import TestServers
import Testing

/// Promise 4: any order, any number of times, any interleaving over workers gives the same final state.
struct PermutationTests {
  private static let seed = SplitMix.seedOfThisRun

  @Test func `any order and repetition of the events of a world books the closed form`() async throws {
    let seed = Self.seed
    let failure = try await TestDatabase.with { test in
      try await onThread {
        let connection = try fast(test.url)
        var worlds = 0
        return try Arrivals.smallestFailure(of: 2_000, seed: seed) { seed in
          var random = SplitMix(seed: ~seed)
          return Arrivals(of: World(marketplace: 0, seed: seed).events.count, batch: 5, using: &random)
        } failure: { seed, arrivals in
          worlds += 1
          let world = World(marketplace: worlds, seed: seed)
          try deliver(world.events, arrivals, on: connection)
          return try wrong(world, arrivals.messages, on: connection)
        }
      }
    }
    #expect(failure == nil)
  }

  @Test func `rule 12: lanes that work on one world at the same time book the closed form`() async throws {
    try await TestDatabase.with { test in
      let url = test.url
      for number in 0..<150 {
        let seed = Self.seed &+ 1_000_000 &+ UInt64(number)
        let world = World(marketplace: number + 1, seed: seed)
        try await withThrowingTaskGroup(of: Void.self) { lanes in
          for lane in 0..<3 {
            lanes.addTask {
              try await onThread {
                var random = SplitMix(seed: seed &* 31 &+ UInt64(lane))
                let connection = try fast(url)
                var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
                var deliveries = world.events.filter { _ in Int.random(in: 0..<3, using: &random) != 0 }
                if lane == 0 { deliveries = world.events }
                deliveries.shuffle(using: &random)
                while !deliveries.isEmpty {
                  let count = Int.random(in: 1...min(4, deliveries.count), using: &random)
                  let batch = distinct(Array(deliveries.prefix(count)))
                  deliveries.removeFirst(count)
                  try commit(&ledger, batch, on: connection)
                }
              }
            }
          }
          try await lanes.waitForAll()
        }
        let failure = try await onThread { try wrong(world, Set(world.events.indices), on: fast(url)) }
        #expect(failure == nil, "seed \(seed)")
      }
    }
  }
}

extension PermutationTests {
  @Test func `any order and repetition of the events of a pool books the closed form at every marketplace`()
    async throws
  {
    let seed = Self.seed &+ 2_000_000
    let failure = try await TestDatabase.with { test in
      try await onThread {
        let connection = try fast(test.url)
        return try Arrivals.smallestFailure(of: 600, seed: seed) { seed in
          var random = SplitMix(seed: ~seed)
          let count = try PooledWorld(seed: seed, on: connection).events.count
          return Arrivals(of: count, batch: 4, using: &random)
        } failure: { seed, arrivals in
          let world = try PooledWorld(seed: seed, on: connection)
          try deliver(world.events, arrivals, on: connection)
          return try wrong(world, arrivals.messages, on: connection)
        }
      }
    }
    #expect(failure == nil)
  }

  @Test func `lanes that work on one pool at the same time book the closed form`() async throws {
    try await TestDatabase.with { test in
      let url = test.url
      for number in 0..<60 {
        let seed = Self.seed &+ 3_000_000 &+ UInt64(number)
        let world = try await onThread { try PooledWorld(seed: seed, on: fast(url)) }
        try await withThrowingTaskGroup(of: Void.self) { lanes in
          for lane in 0..<3 {
            lanes.addTask {
              try await onThread {
                var random = SplitMix(seed: seed &* 31 &+ UInt64(lane))
                let connection = try fast(url)
                var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
                var deliveries = world.events.shuffled(using: &random)
                while !deliveries.isEmpty {
                  let count = Int.random(in: 1...min(3, deliveries.count), using: &random)
                  try commit(&ledger, distinct(Array(deliveries.prefix(count))), on: connection)
                  deliveries.removeFirst(count)
                }
              }
            }
          }
          try await lanes.waitForAll()
        }
        let failure = try await onThread { try wrong(world, Set(world.events.indices), on: fast(url)) }
        #expect(failure == nil, "seed \(seed)")
      }
    }
  }
}

/// What is wrong in a pool when these of its events have come.
private func wrong(_ world: PooledWorld, _ messages: Set<Int>, on connection: Connection) throws -> String? {
  let events = messages.map { world.events[$0] }
  let expected = world.expected(of: events)
  let rows = try connection.query(
    """
    SELECT s.on_hand, s.listed_stock, p.on_hand, coalesce(sum(h.quantity_change), 0)::bigint
      FROM platform_connections c JOIN marketplace_stock s ON s.marketplace_id = c.marketplace_id
      JOIN stock_pools p ON p.id = s.pool_id
      LEFT JOIN stock_history h ON h.marketplace_stock_id = s.id
     WHERE c.user_id = $1 GROUP BY s.id, s.on_hand, s.listed_stock, p.on_hand
    """, [world.user])
  if rows.count == 0 { return events.isEmpty ? nil : "there is no stock" }
  for row in rows {
    let onHand = row.int(0)
    if onHand != expected { return "\(onHand) on hand instead of \(expected)" }
    if row.int(1) != max(0, onHand) { return "\(row.int(1)) listed of \(onHand)" }
    if row.int(2) != onHand { return "a row has \(onHand) and its pool \(row.int(2))" }
    if row.int(3) != onHand { return "the history adds up to \(row.int(3)), not to \(onHand)" }
  }
  return nil
}

/// Has the ledger work on events as they come.
private func deliver(_ events: [Event], _ arrivals: Arrivals, on connection: Connection) throws {
  var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
  for batch in arrivals.batches { try commit(&ledger, batch.map { events[$0] }, on: connection) }
}

/// Durability is not what these tests are about.
func fast(_ url: String) throws -> Connection {
  try Connection.open(
    url, name: "tests",
    settings: [
      "synchronous_commit": "off", "plan_cache_mode": "force_generic_plan", "enable_hashjoin": "off",
      "enable_mergejoin": "off", "enable_seqscan": "off",
    ])
}

/// Runs blocking work on a thread of its own.
func onThread<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}

private func distinct(_ events: [Event]) -> [Event] {
  var seen: Set<String> = []
  return events.filter { seen.insert($0.id).inserted }
}

/// As the lane does it: a transaction that the database aborted is run again.
func commit(_ ledger: inout StockLedger, _ batch: [Event], on connection: Connection) throws {
  while true {
    do {
      let exceptions = try LaneTransaction.run(&ledger, batch, on: connection)
      #expect(exceptions.isEmpty)
      return
    } catch let error as PostgresError where error.kind == .aborted {
      try connection.rollback()
    }
  }
}

/// What is wrong in a world when these of its events have come.
private func wrong(_ world: World, _ messages: Set<Int>, on connection: Connection) throws -> String? {
  let rows = try connection.query(
    """
    SELECT v.sku, s.on_hand, s.listed_stock, coalesce(sum(h.quantity_change), 0)::bigint
      FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id
      LEFT JOIN stock_history h ON h.marketplace_stock_id = s.id
     WHERE s.marketplace_id = $1 GROUP BY v.sku, s.on_hand, s.listed_stock
    """, [world.marketplace])
  var booked: [String: Int] = [:]
  for row in rows {
    let (sku, onHand) = (row.text(0), row.int(1))
    booked[sku] = onHand
    if row.int(2) != max(0, onHand) { return "\(row.int(2)) of \(sku) listed of \(onHand)" }
    if row.int(3) != onHand {
      return "the history of \(sku) adds up to \(row.int(3)), not to \(onHand)"
    }
  }
  for (sku, quantity) in world.expected(of: messages.map { world.events[$0] }) {
    if booked[sku, default: 0] != quantity {
      return "\(booked[sku] ?? 0) of \(sku) on hand instead of \(quantity)"
    }
  }
  return nil
}
