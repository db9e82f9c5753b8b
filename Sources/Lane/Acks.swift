package import RabbitMQ

/// The delivery tags of one channel that are not settled yet, and which acknowledgements may be sent.
///
/// A multiple ack goes only up to the lowest unsettled tag (Rule 15). A value: it decides, the mailbox sends.
package struct Acks: Hashable, Sendable {
  package struct Ack: Sendable, Equatable {
    package var tag: UInt64
    package var multiple: Bool

    package init(tag: UInt64, multiple: Bool) {
      self.tag = tag
      self.multiple = multiple
    }
  }

  /// The channel's epoch; a tag of an earlier channel settles nothing.
  package let epoch: Int
  /// Tags are handed out by the broker from 1, one by one, per channel.
  private var received: UInt64 = 0
  /// All tags up to here are settled and acked.
  private var watermark: UInt64 = 0
  /// Settled and acked beyond the watermark.
  private var ahead: Set<UInt64> = []

  package init(epoch: Int) { self.epoch = epoch }

  package var unsettled: Int { Int(received - watermark) - ahead.count }

  package mutating func receive(_ tag: DeliveryTag) {
    if tag.epoch == epoch { received = max(received, tag.number) }
  }

  /// Marks tags as settled; answers the acks to send: one multiple for the closed run, singles behind a gap.
  package mutating func settle(_ tags: some Sequence<DeliveryTag>) -> [Ack] {
    /// Behind a gap, when it came.
    var fresh: [UInt64] = []
    /// The highest that closes the run and is not acked yet: the broker closes the channel for a tag that is.
    var closed: UInt64?
    for tag in tags where tag.epoch == epoch && tag.number > watermark && tag.number <= received {
      if tag.number == watermark + 1 {
        watermark = tag.number
        closed = max(closed ?? 0, tag.number)
        while ahead.remove(watermark + 1) != nil { watermark += 1 }
      } else if ahead.insert(tag.number).inserted {
        fresh.append(tag.number)
      }
    }
    closed = ([closed] + fresh.filter { $0 <= watermark }).compactMap(\.self).max()
    var acks: [Ack] = []
    if let closed { acks.append(Ack(tag: closed, multiple: true)) }
    for tag in fresh where tag > watermark { acks.append(Ack(tag: tag, multiple: false)) }
    return acks
  }
}
