import Desk
import Foundation
import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

/// How the desk looks into a dead-letter queue.
///
/// The suite has a small edition of many letters. The whole one, with the broker's own limit of a consumer, is
/// `CROSSDOCK_PROOF_LETTERS=100000 ops/test --filter LookTests`.
@Suite(.serialized) struct LookTests {
  private let count =
    ProcessInfo.processInfo.environment["CROSSDOCK_PROOF_LETTERS"].flatMap { Int($0) } ?? 1_600

  /// With little enough for one consumer, that it takes several of them.
  private func desk(of place: Place) -> DeadLetterDesk {
    var desk = place.desk
    if count < DeadLetterDesk.mostOfAConsumer { desk.longestStretch = 300 }
    return desk
  }

  @Test func `rule 27: more letters than one consumer can have are read in order, in bounded memory`()
    async throws
  {
    try await Place.with { (place) throws in
      let desk = desk(of: place)
      let padding = String(repeating: "x", count: 2_000)
      try place.bury((0..<count).map { Place.Burial(id: "m\($0)", body: padding) })
      let before = Self.residentMegabytes
      var (next, most) = (0, before)
      try desk.forEachPage(of: Selection()) { page, _ in
        #expect(page.map(\.id) == (next..<(next + page.count)).map { "m\($0)" })
        next += page.count
        most = max(most, Self.residentMegabytes)
        return true
      }
      #expect(next == count)
      #expect(most - before < 64)
      // What is given back is behind nothing that was not looked at, and what was taken out is gone.
      #expect(
        try desk.letters(Selection(), skipping: 700, atMost: 3).map(\.id) == ["m700", "m701", "m702"])
      let thirds = Set(stride(from: 0, to: count, by: 3).map { "m\($0)" })
      #expect(try desk.discard(Selection(ids: thirds), by: Warrant(actor: "tests")).done == thirds.count)
      let left = try desk.letters(Selection()).map(\.id)
      #expect(left.sorted() == (0..<count).map { "m\($0)" }.filter { !thirds.contains($0) }.sorted())
      let numbers = left.compactMap { Int($0.dropFirst()) }
      // Whole runs may have changed places, within one all are in order.
      #expect(zip(numbers, numbers.dropFirst()).count { $0 >= $1 } < 1 + count / desk.longestStretch)
    }
  }

  @Test func `rule 28: the lock of a desk ends with its look, and not with its session in the database`()
    async throws
  {
    try await Place.with { (place) throws in
      let ids = (0..<40).map { "m\($0)" }
      try place.bury(ids)
      let way = try Forwarder.toBroker()
      defer { way.forwarder.stop() }
      let first = DeadLetterDesk(
        brokers: try Address.parse(way.url), topology: place.topology, database: place.database)
      let other = try place.open()
      defer { other.close() }
      #expect(throws: RabbitMQError.self) {
        try first.forEachPage(of: Selection()) { page, connection in
          #expect(page.count == ids.count)
          // Its session in the database dies: the look goes on, and nobody else may begin one.
          let session = try #require(try connection.query("SELECT pg_backend_pid()").first?.int(0))
          try place.openDatabase().query("SELECT pg_terminate_backend($1::int)", [session])
          #expect(Self.isLocked(place, on: other))
          way.forwarder.cut()
          return true
        }
      }
      // Lock and letters came back in one step.
      #expect(try place.desk.letters(Selection()).map(\.id) == ids)
    }
  }

  private static func isLocked(_ place: Place, on connection: RabbitMQ.Connection) -> Bool {
    do throws(RabbitMQError) {
      try connection.declareQueue(place.topology.deadName(.stockLedger) + ".desk", exclusive: true)
      return false
    } catch {
      return error.code == 405
    }
  }

  private static var residentMegabytes: Int {
    let fields = (try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8))?.split(separator: " ")
    return (fields.flatMap { $0.count > 1 ? Int($0[1]) : nil } ?? 0) * 4_096 / 1_048_576
  }
}
