import Lane
import RabbitMQ
import Testing

/// Every order in which a lane can receive and settle four deliveries, with the channel lost between any two steps.
struct AcksExplorationTests {
  private static let deliveries: UInt64 = 4

  /// A channel as the broker sees it: it delivers tags and takes acks, and closes for an ack of a tag that is not
  /// outstanding.
  private struct Channel {
    let epoch: Int
    var delivered: UInt64 = 0
    var outstanding: Set<UInt64> = []

    mutating func deliver() -> DeliveryTag {
      delivered += 1
      outstanding.insert(delivered)
      return DeliveryTag(epoch: epoch, number: delivered)
    }

    /// Answers what it takes off the queue; nil when the broker closes the channel.
    mutating func take(_ ack: Acks.Ack) -> Set<UInt64>? {
      guard outstanding.contains(ack.tag) else { return nil }
      let meant: Set<UInt64> = ack.multiple ? outstanding.filter { $0 <= ack.tag } : [ack.tag]
      outstanding.subtract(meant)
      return meant
    }
  }

  private struct Walk {
    var channel = Channel(epoch: 1)
    var acks = Acks(epoch: 1)
    /// Whose effects are committed.
    var settled: Set<UInt64> = []
    var path: [String] = []

    mutating func deliver() {
      acks.receive(channel.deliver())
      path.append("deliver")
    }

    mutating func settle(_ tags: [UInt64], epoch: Int = 1) {
      path.append("settle \(tags) of \(epoch)")
      if epoch == 1 { settled.formUnion(tags) }
      for ack in acks.settle(tags.map { DeliveryTag(epoch: epoch, number: $0) }) {
        guard let taken = channel.take(ack) else { return fail("the broker closes the channel for \(ack)") }
        if !taken.isSubset(of: settled) { fail("\(ack) takes \(taken.sorted())") }
      }
      if !channel.outstanding.isDisjoint(with: settled) {
        fail("\(settled.sorted()) were settled, not acked")
      }
      if acks.unsettled != channel.outstanding.count { fail("\(acks.unsettled) counted as unsettled") }
    }

    private func fail(_ what: String) { Issue.record("\(what), after \(path.joined(separator: ", "))") }

    /// The connection is lost and opened again: what the lane settles late is of a channel that is gone.
    func afterLoss() -> Walk {
      var next = Walk(channel: Channel(epoch: 2), acks: Acks(epoch: 2), path: path + ["lost"])
      for _ in 0..<channel.delivered { next.acks.receive(next.channel.deliver()) }
      let late = channel.outstanding.sorted()
      for ack in next.acks.settle(late.map { DeliveryTag(epoch: 1, number: $0) }) {
        next.fail("a stale tag made \(ack)")
      }
      return next
    }
  }

  @Test
  func `rule 15: in whatever order deliveries are settled, what is committed is acked and nothing else is`() {
    var walks = 0
    var open = [Walk()]
    while let walk = open.popLast() {
      walks += 1
      _ = walk.afterLoss()
      if walk.channel.delivered < Self.deliveries {
        var next = walk
        next.deliver()
        open.append(next)
      }
      let unsettled = walk.channel.outstanding.sorted()
      for subset in 1..<max(1, 1 << unsettled.count) {
        let tags = unsettled.indices.filter { subset >> $0 & 1 == 1 }.map { unsettled[$0] }
        // As the batch had them, and the other way round, with one that was settled before.
        for order in [tags, Array(tags.reversed()) + walk.settled.prefix(1)] {
          var next = walk
          next.settle(order)
          open.append(next)
        }
      }
    }
    #expect(walks > 1_000)
  }
}
