import Desk
import Foundation
import JSON
import Lane
import NIOConcurrencyHelpers
import Postgres
import RabbitMQ
import Readiness
import Testing
import Time
import Topology

struct RhythmTests {
  @Test func `a ramp grows 1, 2, 5, 20, 50, 200, and a rate bounds each portion`() {
    let ramp = Rhythm(ramps: true)
    #expect((0..<7).map { ramp.size(ofStep: $0) } == [1, 2, 5, 20, 50, 200, 500])
    #expect(ramp.size(ofStep: 1_000) >= 100_000)
    let paced = Rhythm(rate: 50)
    #expect(paced.size(ofStep: 0) == .max)
    #expect(paced.portion(of: .max) == 50 && paced.portion(of: 3) == 3)
    #expect(paced.time(for: 50) == .seconds(1) && Rhythm().time(for: 50) == .zero)
  }

  @Test func `a step is over when each letter has passed or died, and tells the same death from another`() {
    func key(_ id: String, _ generation: Int = 0) -> LetterKey {
      LetterKey(queue: .stockLedger, id: id, generation: generation, deadAt: nil)
    }
    var outcome = StepOutcome([key("a"): "x", key("b"): "x", key("c"): "x"])
    outcome.note(passed: [key("a"), key("stranger")])
    outcome.note(dead: key("b", 1), fingerprint: "x")
    outcome.note(dead: key("c", 0), fingerprint: "x")
    #expect(outcome.passed == 1 && outcome.recurred == ["x"] && outcome.pending.count == 1)
    outcome.note(dead: key("c", 1), fingerprint: "y")
    #expect(outcome.diedOtherwise == 1 && outcome.pending.isEmpty)
  }

  private static func body(_ id: String) -> String {
    #"{"id":"\#(id)","time":"2026-01-01T12:00:00Z"}"#
  }

  @Test func `a ramp stops at the first letter that dies as before`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<30).map { .init(id: "m\($0)", body: Self.body("m\($0)")) })
      let connection = try place.openDatabase()
      // What workers would do: the first three have their effect, then the old failure is back.
      for id in ["m0", "m1", "m2"] {
        try connection.query(
          "INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', $1)",
          [id])
      }
      try place.bury([.init(id: "m5", generation: 1, body: Self.body("m5"))], beside: 30)
      let result = try place.desk.requeue(
        Selection(), at: Rhythm(ramps: true), by: Warrant(actor: "tests"), patience: .seconds(5))
      #expect(result.acted.done == 8)
      #expect(result.end == .recurred(fingerprint: "bad_event/decode"))
      #expect(try place.desk.letters(Selection()).count == 23)
    }
  }

  @Test func `a ramp stops where nothing is heard of its letters`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<3).map { .init(id: "m\($0)", body: Self.body("m\($0)")) })
      let result = try place.desk.requeue(
        Selection(), at: Rhythm(ramps: true), by: Warrant(actor: "tests"), patience: .milliseconds(100))
      #expect(result.acted.done == 1 && result.end == .undecided(1))
    }
  }

  @Test func `what dies again at once is left where it is, so that every action ends`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<6).map { "m\($0)" })
      let worker = FailingWorker(place)
      defer { worker.stop() }
      let paced = try place.desk.requeue(Selection(), at: Rhythm(rate: 3), by: Warrant(actor: "tests"))
      #expect(paced.acted == Acted(done: 6) && paced.end == .complete)
      let connection = try place.open()
      defer { connection.close() }
      try place.waitFor(6, in: place.topology.deadName(.stockLedger), on: connection)
      #expect(try place.desk.requeue(Selection(), by: Warrant(actor: "tests")) == Acted(done: 6))
    }
  }

  @Test func `a limit holds over all steps and portions`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<9).map { .init(id: "m\($0)", body: Self.body("m\($0)")) })
      let paced = try place.desk.requeue(
        Selection(limit: 3), at: Rhythm(rate: 2), by: Warrant(actor: "tests"))
      #expect(paced.acted == Acted(done: 3))
      let connection = try place.openDatabase()
      for id in 3..<9 {
        try connection.query(
          "INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', $1)",
          ["m\(id)"])
      }
      let ramped = try place.desk.requeue(
        Selection(limit: 4), at: Rhythm(ramps: true), by: Warrant(actor: "tests"))
      #expect(ramped.acted == Acted(done: 4) && ramped.end == .complete)
      #expect(try place.desk.letters(Selection()).count == 2)
    }
  }

  @Test func `a ramp that takes too long stops between its steps`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<3).map { .init(id: "m\($0)", body: Self.body("m\($0)")) })
      try place.openDatabase().query(
        "INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', 'm0')"
      )
      let result = try place.desk.requeue(
        Selection(), at: Rhythm(ramps: true), by: Warrant(actor: "tests"), within: .milliseconds(1))
      #expect(result.acted.done == 1 && result.end == .paused)
    }
  }

  @Test func `a rate is kept`() async throws {
    try await Place.with { (place) throws in
      try place.bury((0..<3).map { "m\($0)" })
      let started = ContinuousClock.now
      let result = try place.desk.requeue(Selection(), at: Rhythm(rate: 2), by: Warrant(actor: "tests"))
      #expect(result.acted.done == 3 && result.end == .complete)
      #expect(ContinuousClock.now - started > .milliseconds(950))
    }
  }
}

/// A worker of the stock ledger whose every message dies at once.
private final class FailingWorker: Sendable {
  private let isStopped = NIOLockedValueBox(false)
  private let ended = DispatchSemaphore(value: 0)

  init(_ place: Place) {
    Thread { [isStopped, ended] in
      try? Self.work(in: place) { isStopped.withLockedValue { $0 } }
      ended.signal()
    }.start()
  }

  func stop() {
    isStopped.withLockedValue { $0 = true }
    ended.wait()
  }

  private static func work(in place: Place, until isStopped: () -> Bool) throws {
    let connection = try place.open()
    defer { connection.close() }
    let name = place.topology.name(.stockLedger)
    try connection.consume(name, prefetch: 10)
    while !isStopped() {
      guard case .delivery(let delivery) = try connection.next() else {
        _ = wait(for: [.readable(connection.socket)], timeout: .milliseconds(20))
        continue
      }
      let headers = delivery.headers + [(LetterHeader.fingerprint, .text("bad_event/decode"))]
      try connection.publish(
        exchange: place.topology.dead, routingKey: name,
        properties: Publishing(of: delivery, headers: headers), body: delivery.withBody { Array($0) })
      try connection.ack(delivery.tag)
    }
  }
}
