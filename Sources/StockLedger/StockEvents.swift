import Events
import Outbox
import Time

/// What the ledger tells the others after a batch: one `stock.changed` per stock row or pool, however often it
/// changed, or when a listing of a pool was seen out of step with it; and one `stock.low` per fall below the threshold.
enum StockEvents {
  static func of(
    _ rows: StockRows, changes: [StockChange], lowThreshold: Int, at now: Timestamp
  ) -> [OutboundMessage] {
    var causes: [StockUnit: StockChange.Cause] = [:]
    for change in changes where change.booked != 0 { causes[change.place.unit] = change.cause }
    var messages: [OutboundMessage] = []
    for row in rows.all where row.onHand != row.onHandBefore || row.isOutOfStep {
      let cause = causes[row.place.unit] ?? row.cause
      messages.append(OutboundMessage(event(.stockChanged, of: row, cause: cause, at: now)))
      if listed(row.onHandBefore) >= lowThreshold && listed(row.onHand) < lowThreshold {
        messages.append(OutboundMessage(event(.stockLow, of: row, cause: cause, at: now)))
      }
    }
    return messages
  }

  private static func listed(_ onHand: Int) -> Int { max(0, onHand) }

  private static func event(
    _ type: EventType, of row: StockRows.StockRow, cause: StockChange.Cause, at now: Timestamp
  ) -> Event {
    let unit = row.place.pool.map { "pool/\($0)" } ?? "\(row.place.stock)"
    return Event(
      id: "\(row.place.platform):\(row.connection):\(type.rawValue)/\(unit)@\(row.version)",
      type: type, time: now, connectionId: row.connection, platform: row.place.platform,
      marketplaceId: row.place.marketplace,
      subjectData: .stock(
        Stock(
          variationId: Int64(row.place.variation), sku: row.place.sku, marketplaceId: row.place.marketplace,
          onHand: row.onHand, listedStock: listed(row.onHand), cause: cause.rawValue)))
  }
}
