import Glibc
import NIOConcurrencyHelpers
import NIOPosix

/// A pool of connections for everything that is not a lane: closures run synchronously on threads of the pool's
/// own, each with a connection to itself, so that event loops never wait for the database.
package final class Database: Sendable {
  private let url: String
  private let name: String
  private let settings: [String: String]
  private let patience: Duration?
  private let threads: NIOThreadPool
  private let idle = NIOLockedValueBox<[Parked]>([])

  /// A connection between two owners: only ever touched by the one thread that took it out of the pool.
  private struct Parked: @unchecked Sendable {
    let connection: Connection
  }

  /// `patience`: how long the server may be silent, and how long a caller waits for its turn, before the database is taken
  /// for unavailable; nil: without a limit.
  package init(
    url: String, connections: Int = 4, name: String, settings: [String: String] = [:],
    patience: Duration? = nil
  ) {
    self.patience = patience
    self.url = url
    self.name = name
    self.settings = settings
    threads = NIOThreadPool(numberOfThreads: connections)
    threads.start()
  }

  /// Runs `body` in a transaction; a transaction that the database itself aborted (deadlock, serialization) is
  /// run again, at most three times.
  package func transaction<T: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> T
  ) async throws -> T {
    try await withConnection { connection in
      var attempt = 1
      while true {
        do {
          return try connection.transaction(body)
        } catch let error as PostgresError where error.kind == .aborted && attempt < 4 {
          attempt += 1
        }
      }
    }
  }

  /// Runs `body` with a connection; each statement commits by itself.
  package func withConnection<T: Sendable>(
    _ body: @escaping @Sendable (Connection) throws -> T
  ) async throws -> T {
    let deadline = patience.map { ContinuousClock.now + $0 }
    return try await threads.runIfActive {
      if let deadline, deadline < .now {
        throw PostgresError(kind: .unavailable, message: "no connection was free in time")
      }
      let connection = try self.take()
      let value = try Result { try body(connection) }
        .mapError { error in
          try? connection.rollback()
          return error
        }
        .get()
      self.park(connection)
      return value
    }
  }

  /// Ends the threads and closes the idle connections.
  package func shutdown() async {
    try? await threads.shutdownGracefully()
    idle.withLockedValue { $0.removeAll() }
  }

  private func take() throws(PostgresError) -> Connection {
    while let parked = idle.withLockedValue({ $0.popLast() }) {
      if parked.connection.isAlive { return parked.connection }
    }
    return try Connection.open(url, name: name, settings: settings, patience: patience)
  }

  private func park(_ connection: Connection) {
    guard connection.isUsable else { return }
    idle.withLockedValue { $0.append(Parked(connection: connection)) }
  }
}
