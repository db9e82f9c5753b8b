import JSON
import Time

extension Event {
  /// The content type of what `encode` gives.
  package static let contentType = "application/cloudevents+json"

  /// The event as structured CloudEvents JSON, always the same bytes for the same event.
  package func encode() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(1024)
    encode(into: &bytes)
    return bytes
  }

  /// Appends what `encode()` gives.
  package func encode(into bytes: inout [UInt8]) {
    JSONWriter.append(to: &bytes) { writer in
      writer.beginObject()
      writer.member("specversion", "1.0")
      writer.member("id", id)
      writer.member("source", source)
      writer.member("type", type.rawValue)
      if !subject.isEmpty { writer.member("subject", subject) }
      writer.member("time", time)
      writer.member("datacontenttype", "application/json")
      writer.key("data")
      writeData(into: &writer)
      writer.endObject()
    }
  }

  private func writeData(into writer: inout JSONWriter) {
    writer.beginObject()
    writer.member("connectionId", connectionId)
    writer.member("platform", platform)
    writer.member("marketplaceId", marketplaceId)
    writer.member("change", change)
    writer.key("backfill")
    writer.bool(backfill)
    writer.member("observedAt", observedAt)
    switch subjectData {
    case .order(let order): order.writeMember(into: &writer)
    case .inventory(let inventory): inventory.writeMember(into: &writer)
    case .product(let product): product.writeMember(into: &writer)
    case .offer(let offer): offer.writeMember(into: &writer)
    case .stock(let stock): stock.writeMember(into: &writer)
    case .topup(let topup): topup.writeMember(into: &writer)
    case .dispute(let dispute, let order):
      dispute.writeMember(into: &writer)
      order?.writeMember(into: &writer)
    }
    writer.endObject()
  }
}

/// Members that are left out when there is nothing to say.
extension JSONWriter {
  mutating func member(_ name: StaticString, _ text: String?) {
    guard let text else { return }
    key(name)
    string(text)
  }

  mutating func member(_ name: StaticString, _ value: (some FixedWidthInteger)?) {
    guard let value else { return }
    key(name)
    integer(value)
  }

  mutating func member(_ name: StaticString, _ moment: Timestamp?) {
    guard let moment else { return }
    key(name)
    timestamp(moment)
  }

  mutating func member(_ name: StaticString, _ money: Money?) {
    member(name, money?.text)
  }
}
