import Events
import Outbox
import Time

/// What the ledger tells the others after a batch: one `stock.changed` per stock row, however often it changed, and
/// one `stock.low` per fall below the threshold.
enum StockEvents {
  static func of(
    _ rows: StockRows, changes: [StockChange], lowThreshold: Int, at now: Timestamp
  ) -> [OutboundMessage] {
    var platforms: [Int: StockChange.Cause] = [:]
    for change in changes where change.booked != 0 { platforms[change.place.stock] = change.cause }
    var messages: [OutboundMessage] = []
    for row in rows.all where row.onHand != row.onHandBefore {
      let cause = platforms[row.place.stock] ?? row.cause
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
    Event(
      id: "\(row.place.platform):\(row.connection):\(type.rawValue)/\(row.place.stock)@\(row.version)",
      type: type, time: now, connectionId: row.connection, platform: row.place.platform,
      marketplaceId: row.place.marketplace,
      subjectData: .stock(
        Stock(
          variationId: Int64(row.place.variation), sku: row.place.sku, marketplaceId: row.place.marketplace,
          onHand: row.onHand, listedStock: listed(row.onHand), cause: cause.rawValue)))
  }
}
