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
    var fresh: [UInt64] = []
    for tag in tags where tag.epoch == epoch && tag.number > watermark && tag.number <= received {
      if ahead.insert(tag.number).inserted { fresh.append(tag.number) }
    }
    let before = watermark
    while ahead.remove(watermark + 1) != nil { watermark += 1 }
    var acks: [Ack] = []
    let closed = fresh.filter { $0 <= watermark }.max()
    // The broker closes the channel for a tag that is acked already, so the multiple ack names one that is not.
    if let closed, watermark > before { acks.append(Ack(tag: closed, multiple: true)) }
    for tag in fresh where tag > watermark { acks.append(Ack(tag: tag, multiple: false)) }
    return acks
  }
}
