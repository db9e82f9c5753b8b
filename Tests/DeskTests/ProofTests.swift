import Desk
import Events
import Foundation
import JSON
import Lane
import Outbox
import Postgres
import RabbitMQ
import StockLedger
import TestServers
import Testing
import Time
import Topology

/// The stock ledger with two mistakes and one sort of message that it can't read: what dies of the mistakes is to pass
/// once they are mended.
private struct MistakenLedger: Consumer {
  var ledger = StockLedger(lowThreshold: 0, logger: TestServers.silence)
  var queue: Queue { ledger.queue }

  func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event { try ledger.decode(body) }

  mutating func apply(_ batch: Batch<Event>, on connection: Postgres.Connection) throws -> [Int: Disposition]
  {
    _ = try batch.claimed()
    let dispositions = batch.messages.indices.map { index -> (Int, Disposition) in
      let isFirst = batch.messages[index].id.hasSuffix("0")
      let failure = Failure(
        isFirst ? .internal : .badData, place: isFirst ? "rounding" : "warehouse", "a mistake of ours")
      return (index, .deadLetter(failure))
    }
    return Dictionary(uniqueKeysWithValues: dispositions)
  }
}

/// Poison of three kinds dies, two of them are mended, and just those go back by a plan while the desk is killed again
/// and again.
///
/// The suite runs a small edition of it. The whole one, some minutes long, is
/// `CROSSDOCK_PROOF_LETTERS=10000 CROSSDOCK_PROOF_KILLS=20 ops/test --filter ProofTests`.
@Suite(.serialized) struct ProofTests {
  private static func number(_ name: String, or usual: Int) -> Int {
    ProcessInfo.processInfo.environment[name].flatMap { Int($0) } ?? usual
  }

  private let count = number("CROSSDOCK_PROOF_LETTERS", or: 240)
  private let kills = number("CROSSDOCK_PROOF_KILLS", or: 2)

  @Test func `killed at random moments the desk loses nothing, and nothing is booked twice`() async throws {
    let (count, kills) = (count, kills)
    try await Place.with { (place) throws in
      let proof = try Proof(place: place, count: count)
      try proof.publish()
      try proof.letAllDie()
      try proof.expectThreeGroups()
      try proof.expectRehearsal()
      try proof.applyPlan(kills: kills)
      try proof.expectStock()
      try proof.expectBalance()
    }
  }
}

private struct Proof {
  let place: Place
  let count: Int
  let connection: Postgres.Connection

  /// Of every three messages the first and the second are mended, the third stays.
  enum Kind: Int { case rounding, warehouse, unreadable }

  init(place: Place, count: Int) throws {
    self.place = place
    self.count = count
    connection = try place.openDatabase()
  }
}

extension Proof {
  private static let sender = "6f1c0000-0000-4000-8000-000000000001"

  private func kind(_ number: Int) -> Kind { Kind(rawValue: number % 3) ?? .unreadable }
  private func count(of kind: Kind) -> Int { (0..<count).count { self.kind($0) == kind } }
  private var mended: Int { count(of: .rounding) + count(of: .warehouse) }
  private var unreadable: [String] { (0..<count).filter { kind($0) == .unreadable }.map { id($0) } }
  private func id(_ number: Int) -> String { "allegro:\(Self.sender):topup-\(number)-\(number % 3)" }
  private func quantity(_ number: Int) -> Int { 1 + number % 7 }

  private func message(_ number: Int) -> OutboundMessage {
    var message = OutboundMessage(
      Event(
        id: id(number), type: .stockTopup, time: Timestamp(secondsSince1970: 1_790_000_000 + Int64(number)),
        connectionId: Self.sender, platform: "allegro", marketplaceId: 1,
        subjectData: .topup(Topup(sku: "SKU-\(number % 10)", quantity: quantity(number)))))
    if kind(number) == .unreadable { message.body = Array("no event: \(number)".utf8) }
    return message
  }

  /// As a relay does: from the outbox to the exchange of events.
  func publish() throws {
    let broker = try place.open()
    defer { broker.close() }
    try broker.enableConfirms()
    for first in stride(from: 0, to: count, by: 1_000) {
      let messages = (first..<min(first + 1_000, count)).map { message($0) }
      try connection.transaction { try Outbox.append(messages, on: $0) }
      var confirms = Confirms()
      for message in messages {
        confirms.expect(
          try broker.publish(
            exchange: place.topology.events, routingKey: "allegro.stock.topup",
            properties: message.properties,
            body: message.body))
      }
      while !confirms.isEmpty {
        if case .confirm(let confirm) = try broker.next() { _ = confirms.settle(confirm) }
      }
    }
    try connection.query("UPDATE outbox SET published_at = clock_timestamp()")
  }

  private func withLane<C: Consumer & SendableMetatype>(
    _ make: @escaping @Sendable () -> C, during body: () throws -> Void
  ) throws {
    let control = try LaneControl()
    let ended = DispatchSemaphore(value: 0)
    let configuration = LaneConfiguration(
      brokers: place.brokers, database: place.database, topology: place.topology, batch: 250, build: "proof")
    Thread {
      Lane(consumer: make(), configuration: configuration, control: control, logger: TestServers.silence)
        .run()
      ended.signal()
    }.start()
    defer {
      control.stop()
      ended.wait()
    }
    try body()
  }

  private func eventually(_ condition: () throws -> Bool) throws -> Bool {
    let deadline = ContinuousClock.now + .seconds(300)
    while .now < deadline {
      if try condition() { return true }
      Thread.sleep(forTimeInterval: 0.02)
    }
    return false
  }

  func letAllDie() throws {
    let broker = try place.open()
    defer { broker.close() }
    try withLane {
      MistakenLedger()
    } during: {
      let allDied = try eventually {
        try broker.depth(of: place.topology.deadName(.stockLedger))?.ready == count
      }
      #expect(allDied)
    }
  }

  func expectThreeGroups() throws {
    let groups = try place.desk.groups(Selection())
    #expect(groups.count == 3)
    let counts = Dictionary(groups.map { ($0.errorClass, $0.count) }, uniquingKeysWith: +)
    #expect(counts["internal"] == count(of: .rounding) && counts["bad_data"] == count(of: .warehouse))
    #expect(counts["bad_event"] == count(of: .unreadable))
  }

  func expectRehearsal() throws {
    var report = RehearsalReport()
    let rehearser = Rehearser(.stockLedger) { StockLedger(lowThreshold: 0, logger: TestServers.silence) }
    try place.desk.rehearse(Selection(), with: [rehearser]) { report.add($0, $1) }
    #expect(report.sorted.map(\.passing).reduce(0, +) == mended)
    #expect(report.sorted.map(\.dying).reduce(0, +) == count - mended)
    #expect(try connection.query("SELECT FROM inbox").count == 0)
  }

  // MARK: The desk as a process

  /// `crossdock` lies beside the program of the tests.
  private func desk(_ arguments: [String]) throws -> Process {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("crossdock")
    try #require(FileManager.default.isExecutableFile(atPath: program.path), "build the whole package first")
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    process.environment = [
      "AMQP_URL": try TestServers.amqpURL, "DATABASE_URL": place.database, "USER": "proof",
      "CROSSDOCK_NAMESPACE": place.topology.namespace,
    ]
    process.currentDirectoryURL = FileManager.default.temporaryDirectory
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    return process
  }

  private func actions() throws -> Int {
    try connection.query("SELECT count(*) FROM dead_letter_actions").first?.int(0) ?? 0
  }

  /// The mended ledger works all the while. A desk is killed when it has noted what it is about to do: the first ones with
  /// little done, the last ones with most of it.
  func applyPlan(kills: Int) throws {
    let rehearser = Rehearser(.stockLedger) { StockLedger(lowThreshold: 0, logger: TestServers.silence) }
    let plan = try place.desk.plan(
      .requeue, of: Selection(), passing: [rehearser], by: Warrant(actor: "proof"))
    #expect(plan.letters.count == mended)
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(
      "\(place.topology.namespace).json")
    try Data(plan.json.bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    try withLane {
      StockLedger(lowThreshold: 0, logger: TestServers.silence)
    } during: {
      var interrupted = 0
      for number in 1...max(kills, 1) where kills > 0 {
        let process = try desk(["dlq", "apply", file.path, "--yes"])
        let noted = mended * number / (kills + 1) - .random(in: 0..<max(1, mended / (kills + 1)))
        while try process.isRunning && actions() < noted { Thread.sleep(forTimeInterval: 0.001) }
        if process.isRunning { interrupted += 1 }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
      }
      let last = try desk(["dlq", "apply", file.path, "--yes"])
      last.waitUntilExit()
      #expect(last.terminationStatus == 0)
      let allEffected = try eventually { try connection.query("SELECT FROM inbox").count == mended }
      #expect(allEffected)
      if count > 1_000 { print("\(interrupted) of \(kills) desks were killed at work") }
    }
  }

  // MARK: What must be in the end

  func expectStock() throws {
    let left = try place.desk.letters(Selection()).map(\.id)
    #expect(left.count == unreadable.count && Set(left) == Set(unreadable))
    // Where their order breaks: nowhere.
    let places = Dictionary(uniqueKeysWithValues: unreadable.enumerated().map { ($1, $0) })
    let breaks = zip(left, left.dropFirst()).enumerated()
      .filter { places[$1.0, default: 0] > places[$1.1, default: 0] }.map(\.offset)
    #expect(breaks == [])
    let broker = try place.open()
    defer { broker.close() }
    #expect(try broker.depth(of: place.topology.deadName(.stockLedger))?.ready == unreadable.count)
    #expect(try broker.depth(of: place.topology.name(.stockLedger))?.ready == 0)
    var expected: [String: Int] = [:]
    for number in 0..<count where kind(number) != .unreadable {
      expected["SKU-\(number % 10)", default: 0] += quantity(number)
    }
    let rows = try connection.query(
      "SELECT v.sku, s.on_hand::bigint FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id")
    #expect(
      Dictionary(rows.map { ($0.text(0), $0.int(1)) }, uniquingKeysWith: { first, _ in first }) == expected)
    let actions = try connection.query(
      "SELECT state, count(*), count(DISTINCT message_id) FROM dead_letter_actions GROUP BY state")
    #expect(actions.count == 1 && actions.first?.text(0) == "done")
    #expect(actions.first?.int(1) == mended && actions.first?.int(2) == mended)
  }

  func expectBalance() throws {
    let accounts = try Audit(place.desk, since: .epoch).accounts()
    let ledger = try #require(accounts.first { $0.queue == .stockLedger })
    #expect(ledger.published == count && ledger.effected == mended && ledger.dead == count - mended)
    #expect(accounts.allSatisfy(\.isBalanced) && ledger.inFlight == 0)
  }
}
