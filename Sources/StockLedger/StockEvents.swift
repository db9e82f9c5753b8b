import Events
import Time

/// What the ledger tells the others after a batch: one `stock.changed` per stock row or pool, however often it
/// changed, or when a listing of a pool was seen out of step with it; and one `stock.low` per fall below the threshold.
enum StockEvents {
  static func of(_ rows: StockRows, lowThreshold: Int, at now: Timestamp) -> [Event] {
    var events: [Event] = []
    for row in rows.all where row.onHand != row.onHandBefore || row.isOutOfStep {
      events.append(event(.stockChanged, of: row, at: now))
      if listed(row.onHandBefore) >= lowThreshold && listed(row.onHand) < lowThreshold {
        events.append(event(.stockLow, of: row, at: now))
      }
    }
    return events
  }

  private static func listed(_ onHand: Int) -> Int { max(0, onHand) }

  private static func event(_ type: EventType, of row: StockRows.StockRow, at now: Timestamp) -> Event {
    let (place, connection) = (row.place, row.connection.text)
    let unit = place.pool.map { "pool/" + String($0) } ?? String(place.stock)
    return Event(
      id: [place.platform, ":", connection, ":", type.rawValue, "/", unit, "@", String(row.version)].joined(),
      type: type, time: now, connectionId: connection, platform: place.platform,
      marketplaceId: place.marketplace,
      subjectData: .stock(
        Stock(
          variationId: Int64(place.variation), sku: place.sku, marketplaceId: place.marketplace,
          onHand: row.onHand, listedStock: listed(row.onHand), cause: row.cause.rawValue)))
  }
}
