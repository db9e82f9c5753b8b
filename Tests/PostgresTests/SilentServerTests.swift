import Foundation
import Postgres
import TestServers
import Testing

/// A Postgres that keeps its connections and says nothing: its process is stopped, or its disk hangs.
struct SilentServerTests {
  static let patience = Duration.milliseconds(200)

  /// A way to the server that can be stalled, and the URL by it.
  static func stallable() throws -> (Forwarder, url: String) {
    var parts = try #require(URLComponents(string: try TestServers.databaseURL))
    let forwarder = try Forwarder(to: parts.port ?? 5432)
    (parts.host, parts.port) = ("127.0.0.1", forwarder.port)
    return (forwarder, try #require(parts.string))
  }

  @Test func `a statement is given up when the server says nothing for too long, and so is the connection`()
    throws
  {
    let (forwarder, url) = try Self.stallable()
    defer { forwarder.stop() }
    let connection = try Connection.open(url, name: "tests", patience: Self.patience)
    #expect(try connection.query("SELECT 1").first?.int(0) == 1)
    forwarder.allow(fromServer: 0)
    let error = #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
    #expect(error?.kind == .unavailable)
    #expect(!connection.isUsable)
    #expect(throws: PostgresError.self) { try connection.query("SELECT 1") }
  }

  @Test func `who waits for a turn behind such statements is answered with them`() async throws {
    let (forwarder, url) = try Self.stallable()
    defer { forwarder.stop() }
    let database = Database(url: url, connections: 1, name: "tests", patience: Self.patience)
    _ = try await database.withConnection { try $0.query("SELECT 1").count }
    forwarder.allow(fromServer: 0)
    let began = ContinuousClock.now
    let refused = await withTaskGroup(of: Bool.self) { group in
      for _ in 0..<50 {
        group.addTask {
          do {
            _ = try await database.withConnection { try $0.query("SELECT 1").count }
            return false
          } catch {
            return (error as? PostgresError)?.kind == .unavailable
          }
        }
      }
      return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
    }
    #expect(refused == 50)
    // One statement and one attempt to connect, not fifty.
    #expect(began.duration(to: .now) < .seconds(10))
    forwarder.allow(fromServer: .max)
    #expect(try await database.withConnection { try $0.query("SELECT 1").first?.int(0) } == 1)
    await database.shutdown()
  }
}
