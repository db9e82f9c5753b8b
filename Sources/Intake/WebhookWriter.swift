import DequeModule
import Events
package import Logging
import Marketplaces
import Metrics
import NIOConcurrencyHelpers
import Outbox
import Polling
package import Postgres
import ServiceLifecycle
import Time

/// Stores webhooks: what waits while one transaction commits shares the next, so that many webhooks cost one commit, and
/// each is answered with its own outcome.
package final class WebhookWriter: Service {
  /// Why a webhook is not stored.
  package enum Refusal: Error, Sendable, Equatable {
    /// Too many wait already.
    case busy
    /// The database can't be used, or the gateway stops.
    case unavailable(String)
    /// What it says can't be stored, alone or with others.
    case unfit(String)
  }

  private struct Waiting: Sendable {
    var arrival: Arrival
    var answer: CheckedContinuation<Result<Int, Refusal>, Never>
  }

  private struct State {
    var waiting: Deque<Waiting> = []
    var size = 0
    var isOver = false
  }

  private let database: Database
  private let limits: Limits
  private let logger: Logger
  private let state = NIOLockedValueBox(State())
  private let (signals, signal) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
  private let batches = Recorder(label: "crossdock_webhook_batch_size")
  private let depth = Gauge(label: "crossdock_webhooks_waiting")

  /// What waits at most, and what shares a transaction at most.
  package struct Limits: Sendable {
    package var waiting: Int
    package var waitingBytes: Int
    package var batch: Int
    package var batchBytes: Int

    package init(
      waiting: Int = 4_000, waitingBytes: Int = 64 << 20, batch: Int = 256, batchBytes: Int = 4 << 20
    ) {
      self.waiting = waiting
      self.waitingBytes = waitingBytes
      self.batch = batch
      self.batchBytes = batchBytes
    }
  }

  package init(database: Database, limits: Limits = Limits(), logger: Logger) {
    self.database = database
    self.limits = limits
    self.logger = logger
  }

  /// Waits until the webhook has been committed; answers how many of its items are new.
  package func store(_ arrival: Arrival) async throws(Refusal) -> Int {
    let result = await withCheckedContinuation { answer in
      let refusal = state.withLockedValue { state -> Refusal? in
        if state.isOver { return .unavailable("the gateway is about to stop") }
        guard state.waiting.count < limits.waiting, state.size + arrival.size <= limits.waitingBytes else {
          return .busy
        }
        state.waiting.append(Waiting(arrival: arrival, answer: answer))
        state.size += arrival.size
        return nil
      }
      if let refusal { answer.resume(returning: .failure(refusal)) } else { signal.yield() }
    }
    return try result.get()
  }

  /// Ends after everything that waits has been answered. It must outlive the server, which waits for the answers.
  package func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      for await _ in signals {
        while let batch = take() { await write(batch) }
      }
    }
    state.withLockedValue { $0.isOver = true }
    while let batch = take() { await write(batch) }
  }

  private func take() -> [Waiting]? {
    state.withLockedValue { state in
      var batch: [Waiting] = []
      var size = 0
      while let next = state.waiting.first, batch.count < limits.batch,
        batch.isEmpty || size + next.arrival.size <= limits.batchBytes
      {
        size += next.arrival.size
        batch.append(next)
        state.waiting.removeFirst()
      }
      state.size -= size
      depth.record(state.waiting.count)
      return batch.isEmpty ? nil : batch
    }
  }

  private func takeAll() -> [Waiting] {
    state.withLockedValue { state in
      defer { (state.waiting, state.size) = ([], 0) }
      return Array(state.waiting)
    }
  }

  private func write(_ batch: [Waiting]) async {
    batches.record(batch.count)
    let arrivals = batch.map(\.arrival)
    do {
      let counts = try await database.transaction { try Self.write(arrivals, on: $0) }
      for (one, count) in zip(batch, counts) { one.answer.resume(returning: .success(count)) }
    } catch let error as PostgresError where error.kind == .unavailable || error.kind == .aborted {
      logger.warning("webhooks are refused: \(error)", metadata: ["count": "\(batch.count)"])
      // What waits behind it is answered too: a marketplace gives up after seconds, and comes again.
      for one in batch + takeAll() { one.answer.resume(returning: .failure(.unavailable("\(error)"))) }
    } catch {
      // One of them is guilty: each has a transaction of its own, and the others are stored.
      guard let only = batch.first, batch.count == 1 else {
        for one in batch { await write([one]) }
        return
      }
      logger.error("a webhook can't be stored: \(error)", metadata: only.arrival.metadata)
      only.answer.resume(returning: .failure(.unfit("\(error)")))
    }
  }

  /// One transaction's work; answers how many items of each arrival are new.
  private static func write(_ arrivals: [Arrival], on connection: Connection) throws -> [Int] {
    let new = try RawEvents.store(
      arrivals.map { ($0.connection.id, $0.items) }, source: "webhook", on: connection)
    let jobs = try NamedReads.ask(
      arrivals.flatMap { $0.named(among: new) }, on: connection)
    let now = Timestamp.now()
    try Outbox.append(jobs.map { $0.message(at: now) }, on: connection)
    return arrivals.map { arrival in
      arrival.items.count { new.contains(RawEvents.Key(arrival.connection.id, $0.raw)) }
    }
  }
}

extension Arrival {
  /// What it names, if it is one of the new.
  fileprivate func named(among new: Set<RawEvents.Key>) -> [NamedReads.Name] {
    guard items.contains(where: { new.contains(RawEvents.Key(connection.id, $0.raw)) }) else { return [] }
    return named.map { NamedReads.Name(connectionId: connection.id, subject: $0) }
  }

  fileprivate var metadata: Logger.Metadata {
    ["connection": "\(connection.key)", "platform": "\(connection.platform.rawValue)"]
  }
}
