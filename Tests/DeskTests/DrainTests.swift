import Desk
import Foundation
import Lane
import Postgres
import RabbitMQ
import TestServers
import Testing
import Topology

struct DrainTests {
  @Test func `depths agree with the broker's own figures while four workers drain a queue`() async throws {
    try await Place.with { (place) throws in
      let count = 3_000
      let broker = try place.open()
      defer { broker.close() }
      let name = place.topology.name(.stockLedger)
      for number in 0..<count {
        try broker.publish(
          exchange: "", routingKey: name,
          properties: Publishing(
            messageID: "n\(number)",
            headers: [(LetterHeader.publishedAt, .integer(Int64(Date().timeIntervalSince1970 * 1_000)))]),
          body: Array("n\(number) fine".utf8))
      }
      try place.waitFor(count, in: name, on: broker)
      // Made here, since four lanes at once would trip over each other's CREATE TABLE.
      let connection = try place.openDatabase()
      try connection.query("CREATE TABLE notes (id text PRIMARY KEY, text text)")
      let configuration = LaneConfiguration(
        brokers: place.brokers, database: place.database, topology: place.topology, batch: 20, build: "tests")
      let controls = try (0..<4).map { _ in try LaneControl() }
      let ended = DispatchSemaphore(value: 0)
      for control in controls {
        Thread {
          Lane(
            consumer: NoteTaker(), configuration: configuration, control: control, logger: TestServers.silence
          ).run()
          ended.signal()
        }.start()
      }
      var looks = 0
      var before = count
      while before > 0 {
        let depth = try #require(try place.desk.depths().first { $0.queue == .stockLedger })
        let after = try broker.depth(of: name)?.ready ?? 0
        let ready = try #require(depth.ready)
        #expect(after <= ready && ready <= before)
        looks += 1
        before = after
      }
      #expect(looks > 1)
      let deadline = ContinuousClock.now + .seconds(30)
      while try connection.query("SELECT FROM notes").count < count, .now < deadline {
        Thread.sleep(forTimeInterval: 0.01)
      }
      for control in controls { control.stop() }
      for _ in controls { ended.wait() }
      let measured = try #require(try place.desk.depths().first { $0.queue == .stockLedger })
      #expect(measured.ready == 0 && measured.secondsToDrain == 0 && measured.oldestAge == nil)
      #expect(measured.outRate.map { $0 > 0 } == true && measured.handling != nil && measured.endToEnd != nil)
      let sums = try connection.query("SELECT sum(messages)::bigint, count(DISTINCT lane) FROM service_times")
        .first
      #expect(sums?.int(0) == count && sums?.int(1) ?? 0 > 0)
      let estimate = try place.desk.estimate(.stockLedger, additionalLanes: 3, depth: measured)
      #expect(estimate?.newLanes == (estimate?.lanes ?? 0) + 3)
    }
  }
}
