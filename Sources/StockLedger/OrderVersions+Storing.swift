import JSON
import Time

/// How the set of an order's versions is kept in `stock_orders.versions`: JSON text, one array per version, moments
/// in microseconds since 1970, the digest as a decimal string:
///
///     [[updatedAt,cancelled,observedAt,"digest",at,placedAt|null,eligible,[["line",listing,quantity],…]|null],…]
extension OrderVersions {
  package var stored: [UInt8] {
    var writer = JSONWriter(capacity: 160 * all.count)
    writer.beginArray()
    for version in all { version.write(to: &writer) }
    writer.endArray()
    return writer.bytes
  }

  /// nil when the text is not such a set: another version of this program wrote it.
  package init?(stored text: String) {
    guard let json = try? JSON.parse(text), case .array(let versions) = json else { return nil }
    self.init()
    for version in versions {
      guard let version = OrderVersion(version) else { return nil }
      insert(version)
    }
  }
}

extension OrderVersion {
  fileprivate func write(to writer: inout JSONWriter) {
    writer.beginArray()
    writer.integer(key.updatedAt.microseconds)
    writer.bool(key.isCancelled)
    writer.integer(key.observedAt.microseconds)
    writer.integerText(key.digest)
    writer.integer(at.microseconds)
    if let placedAt { writer.integer(placedAt.microseconds) } else { writer.null() }
    writer.bool(isEligible)
    if let lines {
      writer.beginArray()
      for line in lines {
        writer.beginArray()
        writer.string(line.id)
        writer.integer(line.listing)
        writer.integer(line.quantity)
        writer.endArray()
      }
      writer.endArray()
    } else {
      writer.null()
    }
    writer.endArray()
  }

  fileprivate init?(_ json: JSON) {
    guard let updatedAt = json[0].integer, let isCancelled = json[1].bool, let observedAt = json[2].integer,
      let digest = json[3].text.flatMap({ UInt64($0) }), let at = json[4].integer,
      let isEligible = json[6].bool
    else { return nil }
    var lines: [Line]?
    if case .array(let stored) = json[7] {
      lines = []
      for line in stored {
        guard let id = line[0].text, let listing = line[1].integer, let quantity = line[2].integer else {
          return nil
        }
        lines?.append(Line(id: id, listing: Int(listing), quantity: Int(quantity)))
      }
    }
    self.init(
      key: Key(
        updatedAt: Timestamp(microseconds: updatedAt), isCancelled: isCancelled,
        observedAt: Timestamp(microseconds: observedAt), digest: digest),
      at: Timestamp(microseconds: at), placedAt: json[5].integer.map { Timestamp(microseconds: $0) },
      isEligible: isEligible, lines: lines)
  }
}
