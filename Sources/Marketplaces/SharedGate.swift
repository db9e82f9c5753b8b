package import Logging
import NIOConcurrencyHelpers
package import Postgres

package import struct Foundation.UUID

/// The gate that all workers of a connection share: its token bucket and its breakers in Postgres.
package final class SharedGate: CallGate {
  let database: Database
  let bucket: CallBucket
  let breakers: BreakerStore
  let logger: Logger
  private let purse = NIOLockedValueBox(Purse())

  /// Calls that were taken from the bucket together, to spare it a visit per call.
  private struct Purse {
    var calls = 0
    /// Whether failures are noted, so that a success has something to clear.
    var troubled = true
  }

  /// How many calls are taken from the bucket at once.
  static let handful = 8
  /// The part of what can be saved up that patient calls leave to others.
  static let reserve = 0.25
  /// A wait up to here is slept through; a longer one is the delay queue's.
  static let longestSleep: Duration = .seconds(1)

  package init(database: Database, connectionId: UUID, allowance: CallBucket.Allowance, logger: Logger) {
    self.database = database
    self.bucket = CallBucket(connectionId: connectionId, allowance: allowance)
    self.breakers = BreakerStore(connectionId: connectionId)
    self.logger = logger
  }

  package func admit() async throws(MarketplaceError) {
    var slept: Duration = .zero
    // What was taken together may be the others' reserve.
    while PatientCalls.arePatient || !takeFromPurse() {
      guard let wait = try await refill() else { return }
      guard slept + wait <= Self.longestSleep else { throw .rateLimited(retryAfter: wait) }
      slept += wait
      do { try await Task.sleep(for: wait) } catch { throw .network("cancelled") }
    }
  }

  private func takeFromPurse() -> Bool {
    purse.withLockedValue { purse in
      guard purse.calls > 0 else { return false }
      purse.calls -= 1
      return true
    }
  }

  /// Takes a handful, or one when there is no handful; answers the wait when there is not even one.
  private func refill() async throws(MarketplaceError) -> Duration? {
    let (bucket, breakers) = (self.bucket, self.breakers)
    let isPatient = PatientCalls.arePatient
    let handful = !isPatient && bucket.allowance.burst >= Double(4 * Self.handful) ? Self.handful : 1
    let reserve = isPatient ? bucket.allowance.burst * Self.reserve : 0
    do {
      let (taken, wait, troubled) = try await database.withConnection {
        connection -> (Int, Duration?, Bool) in
        // The allowance first: a probe that is claimed and then waits for a call would keep everybody waiting.
        if case .wait(let wait) = try bucket.take(leaving: reserve, on: connection) { return (0, wait, true) }
        let health = try breakers.look(on: connection)
        if let refusal = health.refusal { throw refusal }
        // While something is wrong every call asks, so that a probe is one call only.
        guard !health.troubled, handful > 1 else { return (1, nil, health.troubled) }
        guard case .granted = try bucket.take(Double(handful - 1), on: connection) else {
          return (1, nil, false)
        }
        return (handful, nil, false)
      }
      purse.withLockedValue { purse in
        purse.calls += max(taken - 1, 0)
        purse.troubled = troubled
      }
      return wait
    } catch let refusal as MarketplaceError {
      throw refusal
    } catch {
      throw .network("the call allowance can't be read: \(error)")
    }
  }

  package func settle(_ failure: MarketplaceError?) async {
    let isHealthy = failure.map { Breaker.Policy.of($0.errorClass) == nil } ?? true
    if isHealthy, purse.withLockedValue({ !$0.troubled }) { return }
    purse.withLockedValue { $0 = Purse() }
    let (bucket, breakers) = (self.bucket, self.breakers)
    let (database, logger) = (self.database, self.logger)
    // A task of its own, so that the outcome is recorded when the caller was cancelled because a sibling failed: an
    // unrecorded probe would keep everybody else waiting.
    await Task {
      do {
        try await database.withConnection { connection in
          guard let failure else { return try breakers.succeeded(on: connection) }
          if let wait = failure.retryAfter { try bucket.block(for: wait, on: connection) }
          try breakers.failed(failure, on: connection)
        }
      } catch {
        logger.warning("the outcome of a marketplace call was not recorded: \(error)")
      }
    }.value
  }
}
