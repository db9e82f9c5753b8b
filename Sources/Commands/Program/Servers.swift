import Foundation
import Marketplaces
import Postgres
import RabbitMQ
import Settings

extension Settings {
  /// Runs `body` with a pool on the database, which is closed afterwards.
  func withDatabase<T: Sendable>(
    connections: Int = 1, _ body: (Database) async throws -> T
  ) async throws -> T {
    let database = Database(
      url: try requiredDatabaseURL().revealed, connections: connections, name: "crossdock")
    let result: Result<T, any Error>
    do { result = .success(try await body(database)) } catch { result = .failure(error) }
    await database.shutdown()
    return try result.get()
  }

  /// Runs `body` with a connection to the broker, on a thread of its own.
  func withBroker<T: Sendable>(_ body: @escaping @Sendable (RabbitMQ.Connection) throws -> T) async throws
    -> T
  {
    let addresses = try requiredBrokers()
    let authorities = brokerAuthorityFile
    return try await onThread("broker") {
      let connection = try RabbitMQ.Connection.open(addresses, name: "crossdock", authorities: authorities)
      defer { connection.close() }
      return try body(connection)
    }
  }

  /// The key of credentials at rest, and those before it.
  func secretKeys() throws -> SecretKeys {
    guard let key = SecretKey(base64: try requiredSecretKey().revealed) else {
      throw SettingsError(problems: ["CROSSDOCK_SECRET_KEY is not 32 bytes in base64"])
    }
    let retired = retiredSecretKeys?.revealed.split(separator: ",") ?? []
    return SecretKeys(
      current: key,
      retired: retired.compactMap { SecretKey(base64: $0.trimmingCharacters(in: .whitespaces)) })
  }
}

/// Runs blocking work on a thread of its own, so that no event loop waits for it.
func onThread<T: Sendable>(_ name: String, _ body: @escaping @Sendable () throws -> T) async throws -> T {
  let surroundings = Surroundings.current
  return try await withCheckedThrowingContinuation { continuation in
    let thread = Thread {
      continuation.resume(with: Result { try Surroundings.$current.withValue(surroundings, operation: body) })
    }
    thread.name = name
    thread.stackSize = 1 << 20
    thread.start()
  }
}
