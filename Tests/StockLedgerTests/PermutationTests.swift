import Events
import Foundation
import Lane
import NIOConcurrencyHelpers
import Postgres
import StockLedger
import TestServers
import Testing

/// Promise 4: any order, any number of times, any interleaving over workers gives the same final state.
struct PermutationTests {
  private static let seed = SplitMix.seedOfThisRun

  @Test func `any order and repetition of the events of a world books the closed form`() async throws {
    try await TestDatabase.with { test in
      let url = test.url
      try await onThread {
        let connection = try fast(url)
        for number in 0..<2_000 {
          let seed = Self.seed &+ UInt64(number)
          var random = SplitMix(seed: ~seed)
          let world = World(marketplace: number + 1, seed: seed)
          var deliveries =
            world.events + world.events.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
          deliveries.shuffle(using: &random)
          var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
          while !deliveries.isEmpty {
            let count = Int.random(in: 1...min(5, deliveries.count), using: &random)
            let batch = distinct(Array(deliveries.prefix(count)))
            deliveries.removeFirst(count)
            try commit(&ledger, batch, on: connection)
          }
          try check(world, seed: seed, on: connection)
        }
      }
    }
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
        try await onThread { try check(world, seed: seed, on: fast(url)) }
      }
    }
  }
}

extension PermutationTests {
  @Test func `any order and repetition of the events of a pool books the closed form at every marketplace`()
    async throws
  {
    print("seed \(Self.seed)")
    try await TestDatabase.with { test in
      let url = test.url
      try await onThread {
        let connection = try fast(url)
        for number in 0..<600 {
          let seed = Self.seed &+ 2_000_000 &+ UInt64(number)
          var random = SplitMix(seed: ~seed)
          let world = try PooledWorld(seed: seed, on: connection)
          var deliveries =
            world.events + world.events.filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
          deliveries.shuffle(using: &random)
          var ledger = StockLedger(lowThreshold: 5, logger: TestServers.silence)
          while !deliveries.isEmpty {
            let count = Int.random(in: 1...min(4, deliveries.count), using: &random)
            try commit(&ledger, distinct(Array(deliveries.prefix(count))), on: connection)
            deliveries.removeFirst(count)
          }
          try check(world, seed: seed, on: connection)
        }
      }
    }
  }

  @Test func `lanes that work on one pool at the same time book the closed form`() async throws {
    print("seed \(Self.seed)")
    try await TestDatabase.with { test in
      let url = test.url
      for number in 0..<60 {
        let seed = Self.seed &+ 3_000_000 &+ UInt64(number)
        let made = NIOLockedValueBox<PooledWorld?>(nil)
        try await onThread {
          let world = try PooledWorld(seed: seed, on: fast(url))
          made.withLockedValue { $0 = world }
        }
        let world = try #require(made.withLockedValue { $0 })
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
        try await onThread { try check(world, seed: seed, on: fast(url)) }
      }
    }
  }
}

private func check(_ world: PooledWorld, seed: UInt64, on connection: Connection) throws {
  let rows = try connection.query(
    """
    SELECT s.on_hand, s.listed_stock, p.on_hand, coalesce(sum(h.quantity_change), 0)::bigint
      FROM platform_connections c JOIN marketplace_stock s ON s.marketplace_id = c.marketplace_id
      JOIN stock_pools p ON p.id = s.pool_id
      LEFT JOIN stock_history h ON h.marketplace_stock_id = s.id
     WHERE c.user_id = $1 GROUP BY s.id, s.on_hand, s.listed_stock, p.on_hand
    """, [world.user])
  #expect(rows.count > 0 || world.events.isEmpty, "seed \(seed)")
  for row in rows {
    #expect(row.int(0) == world.expected, "seed \(seed)")
    #expect(row.int(1) == max(0, row.int(0)), "seed \(seed)")
    #expect(row.int(2) == row.int(0), "every row mirrors its pool, seed \(seed)")
    #expect(row.int(3) == row.int(0), "the history adds up, seed \(seed)")
  }
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
func onThread(_ body: @escaping @Sendable () throws -> Void) async throws {
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

private func check(_ world: World, seed: UInt64, on connection: Connection) throws {
  let rows = try connection.query(
    """
    SELECT v.sku, s.on_hand, s.listed_stock, coalesce(sum(h.quantity_change), 0)::bigint
      FROM listings l JOIN variations v ON v.id = l.variation_id
      JOIN marketplace_stock s ON s.variation_id = v.id AND s.marketplace_id = $2
      LEFT JOIN stock_history h ON h.marketplace_stock_id = s.id
     WHERE l.connection_id = $1 GROUP BY v.sku, s.on_hand, s.listed_stock
    """, [UUID(uuidString: world.connection), world.marketplace])
  var booked: [String: Int] = [:]
  for row in rows {
    booked[row.text(0)] = row.int(1)
    #expect(row.int(2) == max(0, row.int(1)), "seed \(seed)")
    #expect(row.int(3) == row.int(1), "the history adds up, seed \(seed)")
  }
  for (sku, quantity) in world.expected where booked[sku] != nil || quantity != 0 {
    #expect(booked[sku] == quantity, "\(sku), seed \(seed)")
  }
}
