import Events
import Lane
import RabbitMQ
import Testing

struct AcksTests {
  private func tag(_ number: UInt64, epoch: Int = 1) -> DeliveryTag {
    DeliveryTag(epoch: epoch, number: number)
  }

  @Test func `a batch without gaps is one multiple ack`() {
    var acks = Acks(epoch: 1)
    for number in 1...5 { acks.receive(tag(UInt64(number))) }
    #expect(acks.settle([tag(1), tag(2), tag(3)]) == [.init(tag: 3, multiple: true)])
    #expect(acks.unsettled == 2)
  }

  @Test func `rule 15: a multiple ack never reaches past an unsettled tag`() {
    var acks = Acks(epoch: 1)
    for number in 1...5 { acks.receive(tag(UInt64(number))) }
    #expect(
      acks.settle([tag(2), tag(4)]) == [.init(tag: 2, multiple: false), .init(tag: 4, multiple: false)])
    #expect(acks.settle([tag(1)]) == [.init(tag: 1, multiple: true)])
    #expect(acks.settle([tag(3), tag(5)]) == [.init(tag: 5, multiple: true)])
    #expect(acks.unsettled == 0)
  }

  @Test func `rule 15: a stale tag settles nothing`() {
    var acks = Acks(epoch: 2)
    acks.receive(tag(1, epoch: 2))
    #expect(acks.settle([tag(1, epoch: 1)]).isEmpty)
    #expect(acks.settle([tag(7, epoch: 2)]).isEmpty)
    #expect(acks.unsettled == 1)
  }

  @Test func `a multiple ack names a tag that was not acked before, or the broker closes the channel`() {
    var acks = Acks(epoch: 1)
    for number in 1...4 { acks.receive(tag(UInt64(number))) }
    _ = acks.settle([tag(3)])
    _ = acks.settle([tag(2)])
    #expect(acks.settle([tag(1)]) == [.init(tag: 1, multiple: true)])
    #expect(acks.settle([tag(4)]) == [.init(tag: 4, multiple: true)])
  }

  @Test func `a tag settles once`() {
    var acks = Acks(epoch: 1)
    acks.receive(tag(2))
    #expect(acks.settle([tag(2)]).count == 1)
    #expect(acks.settle([tag(2)]).isEmpty)
  }
}

struct ReplayTests {
  /// The indices that a replay blames and those that it commits, when a range fails that holds a guilty one.
  private func run(count: Int, guilty: Set<Int>) -> (blamed: Set<Int>, committed: [Int], attempts: Int) {
    var replay = Replay(count: count)
    var blamed: Set<Int> = []
    var committed: [Int] = []
    var attempts = 0
    while let range = replay.next() {
      attempts += 1
      if guilty.isDisjoint(with: range) {
        committed += range
      } else if let index = replay.failed(range) {
        blamed.insert(index)
      }
    }
    return (blamed, committed, attempts)
  }

  @Test func `rule 14: halves find every guilty message, and all others commit in order`() {
    for count in 2...17 {
      for pattern in 0..<min(1 << count, 512) {
        let guilty = Set((0..<count).filter { pattern >> $0 & 1 == 1 })
        let result = run(count: count, guilty: guilty)
        #expect(result.blamed == guilty)
        #expect(result.committed == (0..<count).filter { !guilty.contains($0) })
      }
    }
  }

  @Test func `one guilty message among a thousand costs some twenty attempts`() {
    #expect(run(count: 1_000, guilty: [617]).attempts <= 20)
  }
}

struct CautionTests {
  @Test func `rule 17: a consumer starts with one message and opens up when it is fresh`() {
    var caution = Caution(full: 4_000)
    #expect(caution.prefetch == 1)
    #expect(caution.handled(redelivered: false) == 4_000)
    #expect(caution.handled(redelivered: false) == nil)
    caution.restart()
    #expect(caution.prefetch == 1)
  }

  @Test func `rule 17: while redelivered messages come it doubles`() {
    var caution = Caution(full: 5)
    #expect(caution.handled(redelivered: true) == 2)
    #expect(caution.handled(redelivered: true) == 4)
    #expect(caution.handled(redelivered: true) == 5)
    #expect(caution.handled(redelivered: true) == nil)
  }

  @Test func `rule 17: bites shrink by eight with each return, down to one`() {
    #expect((1...5).map { Caution.bite(batch: 1_000, returns: $0) } == [125, 15, 1, 1, 1])
  }
}

struct FailureTests {
  @Test func `one mistake of a producer makes one group, whatever the value`() {
    let long = "a text of more than forty bytes, of which the end is cut off"
    let groups = [#""abc""#, #""d'ef""#, #""12.5.1""#, #""-7 \"e\"""#, "\"\(long)\""].map { total in
      let connection = "6f1c7b1e-0000-4000-8000-000000000001"
      let body = """
        {"specversion":"1.0","id":"1","source":"/connections/\(connection)","type":"order.created",
         "time":"2026-01-01T12:00:00Z","data":{"connectionId":"\(connection)","platform":"allegro",
         "marketplaceId":1,"order":{"externalId":"o","total":\(total)}}}
        """
      do throws(EventError) {
        return try Event.decode(Array(body.utf8)).id
      } catch {
        return Failure(error).fingerprint
      }
    }
    #expect(Set(groups) == ["bad_event/order.total is not a decimal"])
  }
}
