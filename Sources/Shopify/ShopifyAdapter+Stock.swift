import JSON
package import Marketplaces
import Time

extension ShopifyAdapter {
  /// Reads the stock of every location, and changes as few as need be; each change names what it replaces, so that a
  /// sale in between is never overwritten.
  package func setQuantity(
    of listingId: String, to quantity: Int, replacing expected: Int?, idempotencyKey: String
  ) async throws(MarketplaceError) -> StockWritten {
    let read = try await ask(.levels, ["id": .string(ShopifyID.global(.variant, listingId))])
    let item = read.json["data"]["productVariant"]["inventoryItem"]
    guard let itemId = item["id"].text else { throw .notFound("listing \(listingId)") }
    let levels = StockLevels(item["inventoryLevels"]["nodes"])
    guard !levels.isEmpty else {
      throw .rejected(status: 200, "listing \(listingId) is stocked at no location")
    }
    if let expected, levels.total != expected {
      throw .conflict("listing \(listingId) has \(levels.total), expected \(expected)")
    }
    let changes = levels.changes(toTotal: quantity)
    guard !changes.isEmpty else { return StockWritten(quantity: quantity, at: read.date) }
    let answer = try await change(
      .setQuantities,
      [
        "key": .string(idempotencyKey),
        "input": [
          "name": "available", "reason": "correction",
          "referenceDocumentUri": .string(
            "gid://crossdock/StockWrite/" + PercentEncoding.segment(idempotencyKey)),
          "quantities": .array(changes.map { $0.input(item: itemId) }),
        ],
      ])
    return StockWritten(quantity: quantity, at: answer.date)
  }
}

extension StockLevels {
  /// From the nodes of `inventoryLevels`.
  init(_ nodes: JSON) {
    self.init(
      nodes.array.compactMap { node in
        let available = node["quantities"].array.first { $0["name"].text == "available" }
        guard let location = node["location"]["id"].text, let quantity = available?["quantity"].integer else {
          return nil
        }
        return Level(location: location, available: Int(clamping: quantity))
      })
  }
}

extension StockLevels.Change {
  /// As `inventorySetQuantities` takes it.
  fileprivate func input(item: String) -> JSON {
    [
      "inventoryItemId": .string(item), "locationId": .string(location), "quantity": .integer(quantity),
      "changeFromQuantity": .integer(from),
    ]
  }
}
