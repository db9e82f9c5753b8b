import Marketplaces
import Postgres
import TestServers
import Testing

import struct Foundation.UUID

@Suite struct LimitTests {
  let allowance = CallBucket.Allowance(rate: 0.01, burst: 10)

  @Test func `workers together get what the bucket holds and not one call more`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let bucket = CallBucket(connectionId: id, allowance: allowance)
      let granted = try await withThrowingTaskGroup(of: Bool.self) { group in
        for _ in 1...40 {
          group.addTask {
            try await store.database.withConnection { try bucket.take(on: $0) } == .granted
          }
        }
        return try await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(granted == 10)
      guard case .wait(let wait) = try await store.database.withConnection({ try bucket.take(on: $0) }) else {
        Issue.record("granted")
        return
      }
      #expect(wait > .seconds(50) && wait < .seconds(101))
    }
  }

  @Test func `who can wait leaves a part of the bucket to the others`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let bucket = CallBucket(connectionId: id, allowance: allowance)
      let (patient, others) = try await store.database.withConnection { connection in
        var granted = (0, 0)
        while try bucket.take(leaving: 3, on: connection) == .granted { granted.0 += 1 }
        while try bucket.take(on: connection) == .granted { granted.1 += 1 }
        return granted
      }
      #expect(patient == 7 && others == 3)
    }
  }

  @Test func `a patient call waits while the others have what they need`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let gate = SharedGate(
        database: store.database, connectionId: id, allowance: .init(rate: 0.01, burst: 4),
        logger: TestServers.silence)
      var calls = 0
      await #expect(throws: MarketplaceError.self) {
        while true {
          try await PatientCalls.run { try await gate.admit() }
          calls += 1
        }
      }
      #expect(calls == 3)
      try await gate.admit()
      await #expect(throws: MarketplaceError.self) { try await gate.admit() }
    }
  }

  @Test func `a block stops everybody, and a shorter one doesn't shorten it`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let bucket = CallBucket(connectionId: id, allowance: .init(rate: 1_000, burst: 1_000))
      let grant = try await store.database.withConnection { connection in
        try bucket.block(for: .seconds(40), on: connection)
        try bucket.block(for: .seconds(1), on: connection)
        return try bucket.take(on: connection)
      }
      guard case .wait(let wait) = grant else {
        Issue.record("granted")
        return
      }
      #expect(wait > .seconds(30) && wait < .seconds(41))
    }
  }

  @Test func `a limited connection is left alone by every worker, without asking it again`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let gates = (1...2).map { _ in
        SharedGate(
          database: store.database, connectionId: id, allowance: .init(rate: 100, burst: 100),
          logger: TestServers.silence)
      }
      try await gates[0].admit()
      await gates[0].settle(.rateLimited(retryAfter: nil))
      for gate in gates {
        do {
          try await gate.admit()
          Issue.record("admitted")
        } catch let error as MarketplaceError {
          #expect(error.errorClass == .rateLimited)
          #expect((error.retryAfter ?? .zero) > .seconds(1))
        }
      }
    }
  }

  @Test func `failures open the breaker for all workers and a success closes it`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let gate = SharedGate(
        database: store.database, connectionId: id, allowance: .init(rate: 100, burst: 100),
        logger: TestServers.silence)
      for _ in 1...5 {
        try await gate.admit()
        await gate.settle(.unavailable(status: 503, retryAfter: nil))
      }
      do {
        try await gate.admit()
        Issue.record("admitted")
      } catch let error as MarketplaceError {
        #expect(error.errorClass == .breakerOpen)
      }
      await gate.settle(nil)
      try await gate.admit()
    }
  }

  @Test func `a probe is claimed by a call that is made, not by one that another breaker refuses`()
    async throws
  {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let gate = SharedGate(
        database: store.database, connectionId: id, allowance: .init(rate: 100, burst: 100),
        logger: TestServers.silence)
      for _ in 1...5 { await gate.settle(.network("the line is cut")) }
      await gate.settle(.rateLimited(retryAfter: nil))
      try await passTime(.network, of: id, in: store)
      await #expect(throws: MarketplaceError.self) { try await gate.admit() }
      try await passTime(.rateLimited, of: id, in: store)
      try await gate.admit()
    }
  }

  @Test(arguments: [
    MarketplaceError.malformed("half a body"), .rateLimited(retryAfter: .milliseconds(1)),
    .notFound("order 1"),
  ])
  func `a probe that ends in another way makes room for the next`(_ end: MarketplaceError) async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let gate = SharedGate(
        database: store.database, connectionId: id, allowance: .init(rate: 100, burst: 100),
        logger: TestServers.silence)
      for _ in 1...5 { await gate.settle(.network("the line is cut")) }
      try await passTime(.network, of: id, in: store)
      try await gate.admit()
      await gate.settle(end)
      try await gate.admit()
    }
  }

  /// The time for which the breaker is open is over.
  private func passTime(_ errorClass: ErrorClass, of id: UUID, in store: ConnectionStore) async throws {
    try await store.database.withConnection { connection in
      _ = try connection.query(
        "UPDATE breakers SET open_until = clock_timestamp() WHERE connection_id = $1 AND error_class = $2",
        [id, errorClass.rawValue])
    }
  }
}
