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

/// How many of a variant each location has.
struct StockLevels: Equatable {
  var levels: [Level]

  struct Level: Equatable {
    var location: String
    var available: Int
  }

  /// The new stock of a location, and the one it replaces.
  struct Change: Equatable {
    var location: String
    var quantity: Int
    var from: Int

    func input(item: String) -> JSON {
      [
        "inventoryItemId": .string(item), "locationId": .string(location), "quantity": .integer(quantity),
        "changeFromQuantity": .integer(from),
      ]
    }
  }

  init(_ levels: [Level]) {
    self.levels = levels
  }

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

  var isEmpty: Bool { levels.isEmpty }
  var total: Int { levels.reduce(0) { $0 + $1.available } }

  /// The changes that bring the total there: goods are added where most are, and taken from there first; no location
  /// falls below zero.
  func changes(toTotal wanted: Int) -> [Change] {
    var missing = wanted - total
    var changes: [Change] = []
    for level in levels.sorted(by: { ($1.available, $0.location) < ($0.available, $1.location) }) {
      guard missing != 0 else { break }
      let change = missing > 0 ? missing : max(missing, min(0, -level.available))
      guard change != 0 else { continue }
      changes.append(
        Change(location: level.location, quantity: level.available + change, from: level.available))
      missing -= change
    }
    return changes
  }
}
