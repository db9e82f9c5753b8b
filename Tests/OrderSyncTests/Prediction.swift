import Events
import Time

/// The orders that a set of events must end in, by the rule alone: an order exists when any version qualifies; its
/// header is the greatest version's, its entries those of the greatest version with a list of lines.
enum Prediction {
  static func orders(of events: [Event]) -> [String: SyncSession.Stored] {
    let byOrder = Dictionary(grouping: events) { $0.order?.externalId ?? "" }
    return byOrder.compactMapValues { events in
      let versions = events.sorted(by: isLess)
      guard versions.contains(where: qualifies), let greatest = versions.last, let order = greatest.order
      else { return nil }
      let lines = versions.last { $0.order?.lines != nil }?.order?.lines ?? []
      return SyncSession.Stored(
        header: header(of: order, in: greatest), entries: entries(of: lines, shipping: order.shipping))
    }
  }

  private static func qualifies(_ event: Event) -> Bool {
    guard let order = event.order, !order.isCancelled, order.eligible else { return false }
    return ["paid", "pending", nil].contains(order.financialStatus?.lowercased())
  }

  private static func isLess(_ left: Event, _ right: Event) -> Bool {
    guard let one = left.order, let other = right.order else { return false }
    let moments = (one.updatedAt ?? left.time, other.updatedAt ?? right.time)
    if moments.0 != moments.1 { return moments.0 < moments.1 }
    if one.isCancelled != other.isCancelled { return other.isCancelled }
    let observed = (left.observedAt ?? left.time, right.observedAt ?? right.time)
    if observed.0 != observed.1 { return observed.0 < observed.1 }
    return one.contentDigest.lexicographicallyPrecedes(other.contentDigest)
  }

  private static func header(of order: Order, in event: Event) -> String {
    [
      order.isCancelled ? "cancelled" : order.status.rawValue, order.isCancelled ? "t" : "f",
      order.financialStatus ?? "-", order.number ?? "-", order.shipping?.text ?? "-",
      order.buyer?.name ?? "-",
      "\((order.updatedAt ?? event.time).secondsSince1970)", "7",
    ].joined(separator: " ")
  }

  private static func entries(of lines: [OrderLine], shipping: Money?) -> [String] {
    var entries = lines.filter { $0.quantity > 0 }.map { line in
      "\(line.externalId) item \(line.sku ?? "-") \(line.quantity) \(line.unitPrice?.text ?? "-") "
        + (line.fullPrice?.text ?? "-")
    }
    if let shipping, !shipping.isZero {
      entries.append(":shipping shipping - 1 \(shipping.text) \(shipping.text)")
    }
    return entries.sorted()
  }
}
