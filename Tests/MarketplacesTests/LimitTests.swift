import Marketplaces
import Postgres
import TestServers
import Testing

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
}
