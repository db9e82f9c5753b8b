/// Names a delivery on one channel of one connection; a tag of an earlier channel settles nothing (Rule 15).
package struct DeliveryTag: Sendable, Hashable, Comparable {
  /// The connection's `epoch` when the message came.
  package let epoch: Int
  /// Counts up by one per delivery on the channel, from 1.
  package let number: UInt64

  package init(epoch: Int, number: UInt64) {
    self.epoch = epoch
    self.number = number
  }

  package static func < (left: DeliveryTag, right: DeliveryTag) -> Bool {
    (left.epoch, left.number) < (right.epoch, right.number)
  }
}

/// A message that the broker delivered. It owns its bytes, and decodes a property when asked for it.
package final class Delivery: Sendable {
  package let tag: DeliveryTag
  package let redelivered: Bool
  /// Exchange, routing key, consumer tag, encoded properties and body, one after the other. Written only while the
  /// message is assembled, before anybody else sees it.
  nonisolated(unsafe) private let storage: UnsafeMutableRawBufferPointer
  private let routingKeyStart: Int
  private let consumerTagStart: Int
  private let propertiesStart: Int
  private let bodyStart: Int

  init(
    tag: DeliveryTag, redelivered: Bool, exchange: UnsafeRawBufferPointer, routingKey: UnsafeRawBufferPointer,
    consumerTag: UnsafeRawBufferPointer, properties: UnsafeRawBufferPointer, bodySize: Int
  ) {
    self.tag = tag
    self.redelivered = redelivered
    routingKeyStart = exchange.count
    consumerTagStart = routingKeyStart + routingKey.count
    propertiesStart = consumerTagStart + consumerTag.count
    bodyStart = propertiesStart + properties.count
    storage = .allocate(byteCount: bodyStart + bodySize, alignment: 1)
    write(exchange, at: 0)
    write(routingKey, at: routingKeyStart)
    write(consumerTag, at: consumerTagStart)
    write(properties, at: propertiesStart)
  }

  deinit {
    storage.deallocate()
  }

  package var exchange: String { text(0..<routingKeyStart) }
  package var routingKey: String { text(routingKeyStart..<consumerTagStart) }
  package var consumerTag: String { text(consumerTagStart..<propertiesStart) }
  package var bodySize: Int { storage.count - bodyStart }

  /// The body where it lies; the pointer is good only within `read`.
  package func withBody<Result, Failure>(
    _ read: (UnsafeRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try read(UnsafeRawBufferPointer(rebasing: storage[bodyStart...]))
  }

  package var messageID: String? { properties.text(.messageID) }
  package var type: String? { properties.text(.type) }
  package var appID: String? { properties.text(.appID) }
  package var contentType: String? { properties.text(.contentType) }
  package var contentEncoding: String? { properties.text(.contentEncoding) }
  package var correlationID: String? { properties.text(.correlationID) }
  package var replyTo: String? { properties.text(.replyTo) }
  /// Milliseconds as text, as its publisher wrote it.
  package var expiration: String? { properties.text(.expiration) }

  /// Seconds since 1970, as its publisher wrote it.
  package var timestamp: UInt64? {
    properties.find(.timestamp).map { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
  }

  package func header(_ name: String) -> HeaderValue? { properties.header(name) }

  /// Every header, in the order of the wire.
  package var headers: [(String, HeaderValue)] { properties.headers() }

  /// Appends a piece of the body; false when it is more than was announced.
  func fill(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard offset + bytes.count <= bodySize else { return false }
    write(bytes, at: bodyStart + offset)
    return true
  }

  private var properties: PropertyReader {
    PropertyReader(bytes: UnsafeRawBufferPointer(rebasing: storage[propertiesStart..<bodyStart]))
  }

  private func text(_ range: Range<Int>) -> String {
    String(decoding: UnsafeRawBufferPointer(rebasing: storage[range]), as: UTF8.self)
  }

  private func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    guard !bytes.isEmpty else { return }
    UnsafeMutableRawBufferPointer(rebasing: storage[offset...]).copyMemory(from: bytes)
  }
}
