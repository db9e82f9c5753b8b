import JSON
package import Marketplaces
import Time

extension SquareAdapter {
  /// Counts the shelf anew at as few locations as need be. A count holds as of its moment, which is that of the
  /// reading it corrects: what is sold after that is still taken from it.
  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    var calls = 0
    let counts = try await counts(of: [listingId], calls: &calls)
    let known = (counts.levels[listingId] ?? [:]).map {
      StockLevels.Level(location: $0, available: ($1 ?? 0))
    }
    var levels = StockLevels(known)
    if levels.isEmpty {
      let places = try await locations(calls: &calls)
      levels = StockLevels(places.prefix(1).map { .init(location: $0, available: 0) })
    } else if let expected, levels.total != expected {
      throw .conflict("listing \(listingId) has \(levels.total), expected \(expected)")
    }
    let moment = counts.date ?? .now()
    let changes = levels.changes(toTotal: quantity)
    guard !changes.isEmpty || known.isEmpty else { return StockWritten(quantity: quantity, at: moment) }
    let answer = try await post(
      "/v2/inventory/changes/batch-create",
      [
        "idempotency_key": .string(idempotencyKey), "ignore_unchanged_counts": true,
        "changes": .array(
          changes.map { change in
            [
              "type": "PHYSICAL_COUNT",
              "physical_count": [
                "catalog_object_id": .string(listingId), "state": "IN_STOCK",
                "location_id": .string(change.location), "quantity": .string(String(change.quantity)),
                "occurred_at": .time(moment),
              ],
            ]
          }),
      ])
    return StockWritten(quantity: quantity, at: answer.date)
  }
}
