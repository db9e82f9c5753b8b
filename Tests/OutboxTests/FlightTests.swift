import Outbox
import RabbitMQ
import Testing
import Time

/// Every way in which the broker can answer three packets, and lose the channel between any two answers.
struct FlightTests {
  /// Tags of the packets: 1; 2 and 3; 4.
  private static let packets: [ClosedRange<UInt64>] = [1...1, 2...3, 4...4]

  /// What the broker has been told and has answered, beside the flight under test.
  private struct Walk {
    var flight = Flight()
    var sent = 0
    var answered: Set<UInt64> = []
    /// Came back, or was refused.
    var failed: Set<UInt64> = []
    /// Told by the flight and marked in the outbox, or put off.
    var told: [Int: Bool] = [:]

    var outstanding: [UInt64] {
      FlightTests.packets.prefix(sent).joined().filter { !answered.contains($0) }
    }

    mutating func send() {
      let packet = FlightTests.packets[sent]
      flight.add(FlightTests.key(sent), tags: packet.map { ($0, "m\($0)") })
      sent += 1
    }

    mutating func answer(_ tag: UInt64, _ kind: Answer) {
      let meant = kind == .multiple ? outstanding.filter { $0 <= tag } : [tag]
      if kind == .returned {
        flight.note(
          Returned(messageID: "m\(tag)", exchange: "e", routingKey: "k", code: 312, text: "NO_ROUTE"))
      }
      flight.settle(Confirm(tag: tag, multiple: kind == .multiple, negative: kind == .refused))
      answered.formUnion(meant)
      if kind == .returned || kind == .refused { failed.insert(tag) }
    }

    /// As the relay's turn: what is settled is marked, and then forgotten.
    mutating func mark() {
      let settled = flight.settled
      for packet in settled {
        expect(told.updateValue(packet.failure == nil, forKey: packet.key.id) == nil, "told once")
      }
      flight.forgetSettled(settled.count)
    }

    /// A packet is told when, and only when, every message of it is answered and those before it are told.
    func check() {
      let complete = FlightTests.packets.prefix(sent).prefix { $0.allSatisfy(answered.contains) }.count
      expect(Set(told.keys) == Set(0..<complete), "told in time")
      for (packet, isPublished) in told {
        expect(isPublished == failed.isDisjoint(with: FlightTests.packets[packet]), "told as it was")
      }
      expect(flight.outstanding == outstanding.count, "outstanding")
    }

    /// The channel dies: what is not told is given back, once each.
    func checkLoss() {
      var lost = self
      let back = lost.flight.abandon().map(\.id)
      expect(back.sorted() == Set(0..<sent).subtracting(told.keys).sorted(), "given back once")
      expect(lost.flight.isEmpty, "nothing left")
    }

    /// Cheap, for it is asked a hundred thousand times.
    private func expect(_ isTrue: Bool, _ what: String) {
      guard !isTrue else { return }
      Issue.record("\(what): \(sent) sent, \(answered.sorted()) answered, \(failed.sorted()) of them badly")
    }
  }

  private enum Answer: CaseIterable { case single, multiple, returned, refused }

  private static func key(_ packet: Int) -> PacketKey { PacketKey(createdAt: .epoch, id: packet) }

  @Test func `promise 2: a packet is published when all of it is confirmed, whatever comes and goes between`()
  {
    var walks = 0
    var open = [Walk()]
    while var walk = open.popLast() {
      walk.mark()
      walk.check()
      walk.checkLoss()
      walks += 1
      if walk.sent < Self.packets.count {
        var next = walk
        next.send()
        open.append(next)
      }
      for tag in walk.outstanding {
        for answer in Answer.allCases {
          var next = walk
          next.answer(tag, answer)
          open.append(next)
        }
      }
    }
    #expect(walks > 5_000)
  }

  @Test func `what was confirmed before the channel died is not given back`() {
    var flight = Flight()
    flight.add(Self.key(1), tags: [(1, "a")])
    flight.add(Self.key(2), tags: [(2, "b")])
    flight.settle(Confirm(tag: 1, multiple: false))
    #expect(flight.abandon() == [Self.key(2)])
    #expect(flight.settled.map(\.key) == [Self.key(1)])
  }
}
