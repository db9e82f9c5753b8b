import DequeModule
package import RabbitMQ
package import Time

/// Names an outbox row.
package struct PacketKey: Hashable, Sendable {
  package var createdAt: Timestamp
  package var id: Int

  package init(createdAt: Timestamp, id: Int) {
    self.createdAt = createdAt
    self.id = id
  }
}

/// A packet that this relay may publish until its lease ends.
package struct LeasedPacket: Hashable, Sendable {
  package var key: PacketKey
  package var bytes: [UInt8]
  package var id: Int { key.id }

  package init(key: PacketKey, bytes: [UInt8]) {
    self.key = key
    self.bytes = bytes
  }
}

/// The packets that a relay holds the leases of. Each is in one place: waiting to be published, in flight, settled and
/// not marked yet, or to be given back. A value: it decides, the relay does.
package struct Leases: Hashable, Sendable {
  /// In order.
  private var waiting: Deque<LeasedPacket> = []
  private var flight = Flight()
  /// To be given back, so that whoever comes next publishes without waiting for their end.
  package private(set) var toGiveBack: [PacketKey] = []
  /// How many packets to take at a time; halved after a channel error so that one bad packet stands alone soon.
  private var page: Int
  private let largestPage: Int
  private let window: Int

  /// `window`: the most messages that wait for their confirms.
  package init(window: Int, largestPage: Int = 64) {
    self.window = window
    self.largestPage = largestPage
    page = largestPage
  }

  /// Whether nothing is published or about to be.
  package var isIdle: Bool { waiting.isEmpty && flight.isEmpty }

  // MARK: Taking

  /// How many packets to lease now. Smaller pages, after an error of the channel, go one after the other.
  package var wanted: Int {
    waiting.isEmpty && flight.outstanding < (page == largestPage ? window : 1) ? page : 0
  }

  package mutating func take(_ packets: [LeasedPacket]) { waiting += packets }

  // MARK: Publishing

  package var next: LeasedPacket? { waiting.first }

  /// All messages of `next` went out, under these tags.
  package mutating func publishedNext(as tags: [(tag: UInt64, messageId: String)]) {
    guard let packet = waiting.popFirst() else { return }
    flight.add(packet.key, tags: tags)
  }

  /// `next` can't be sent as it is, and was put off.
  package mutating func putOffNext() { _ = waiting.popFirst() }

  /// The broker takes no more for now: what is in flight gets its confirms, the rest is not kept from other relays.
  package mutating func forgoWaiting() {
    toGiveBack += waiting.map(\.key)
    waiting.removeAll()
  }

  package mutating func note(_ returned: Returned) { flight.note(returned) }
  package mutating func settle(_ confirm: Confirm) { flight.settle(confirm) }

  // MARK: Marking

  /// The packets whose messages are all confirmed, or refused, until the outbox knows.
  package var settled: [Flight.Settled] { flight.settled }

  /// The outbox knows of the first so many settled packets. `isWell`: the channel is there still.
  package mutating func marked(_ count: Int, isWell: Bool) {
    flight.forgetSettled(count)
    if count > 0 && isWell { page = min(largestPage, page * 2) }
  }

  // MARK: Losing

  /// The channel is gone: the confirms of what is in flight never come now, and what waits was never sent. After an
  /// error of the channel fewer packets are taken at a time, and one that stood alone is to blame: it is answered.
  package mutating func loseChannel(byItsError: Bool) -> PacketKey? {
    toGiveBack += flight.abandon()
    forgoWaiting()
    guard byItsError else { return nil }
    page = max(1, min(page, toGiveBack.count) / 2)
    return toGiveBack.count == 1 ? toGiveBack[0] : nil
  }

  /// The leases in `toGiveBack` are the outbox's again, or were put off.
  package mutating func gaveBack() { toGiveBack.removeAll() }
}
