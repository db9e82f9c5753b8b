import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

extension SquareAdapter {
  /// A page of all variations, with their counts over all locations.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let found = try await post(
      "/v2/catalog/search",
      [
        "object_types": ["ITEM_VARIATION"], "include_related_objects": true, "cursor": .text(request.cursor),
        "limit": .integer(min(max(request.limit, 1), 1000)),
      ])
    var calls = 1
    let variations = found.json["objects"].array.filter { $0["type"].text == "ITEM_VARIATION" }
    let counts = try await counts(of: variations.compactMap { $0["id"].text }, calls: &calls)
    let moment = counts.date ?? found.date
    let titles = Self.titles(found.json["related_objects"])
    let read = variations.compactMap { json in
      SquareVariation.listing(of: json, titles: titles, counts: counts).map { ($0, json) }
    }
    note(read.map(\.0))
    let next = found.json["cursor"].text.flatMap { $0.isEmpty ? nil : $0 }
    return FeedPage(
      items: read.compactMap { connection.snapshot(of: $0, payload: $1, at: moment) },
      listings: read.map(\.0), nextCursor: next, isLast: next == nil, observedAt: moment, calls: calls)
  }

  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    guard let read = try await listings([externalId]).first else { throw .notFound("listing \(externalId)") }
    return read
  }

  package func listings(_ ids: [String]) async throws(MarketplaceError) -> [ListingRead] {
    let answer = try await post(
      "/v2/catalog/batch-retrieve",
      ["object_ids": .array(ids.prefix(1000).map(JSON.string)), "include_related_objects": true])
    var calls = 1
    let variations = answer.json["objects"].array.filter { $0["type"].text == "ITEM_VARIATION" }
    let counts = try await counts(of: variations.compactMap { $0["id"].text }, calls: &calls)
    let titles = Self.titles(answer.json["related_objects"])
    let read = variations.compactMap { json in
      SquareVariation.listing(of: json, titles: titles, counts: counts).map {
        ListingRead(listing: $0, at: counts.date ?? answer.date, payload: json)
      }
    }
    note(read.map(\.listing))
    return read + (ids.count > 1000 ? try await listings(Array(ids.dropFirst(1000))) : [])
  }

  /// The SKUs of variations; those that are not remembered are asked for together.
  func skus(of variations: Set<String>, calls: inout Int) async throws(MarketplaceError) -> [String: String?]
  {
    let known = memory.withLockedValue { memory in memory.skus.filter { variations.contains($0.key) } }
    let unknown = variations.filter { known[$0] == nil }.sorted()
    guard !unknown.isEmpty else { return known }
    calls += 1
    let answer = try await post(
      "/v2/catalog/batch-retrieve", ["object_ids": .array(unknown.prefix(1000).map(JSON.string))])
    note(
      answer.json["objects"].array.compactMap {
        SquareVariation.listing(of: $0, titles: [:], counts: SquareCounts())
      })
    return memory.withLockedValue { memory in memory.skus.filter { variations.contains($0.key) } }
  }

  private func note(_ listings: [Listing]) {
    memory.withLockedValue { memory in
      for listing in listings { memory.note(sku: listing.sku, of: listing.externalId) }
    }
  }

  private static func titles(_ related: JSON) -> [String: String] {
    related.array.reduce(into: [:]) { titles, item in
      if let id = item["id"].text, let name = item["item_data"]["name"].text { titles[id] = name }
    }
  }
}

/// Reads an item variation of the catalogue.
enum SquareVariation {
  /// Nil when it has no id. One without counts has no quantity: Square doesn't track it.
  static func listing(of json: JSON, titles: [String: String], counts: SquareCounts) -> Listing? {
    guard let id = json["id"].text, !id.isEmpty else { return nil }
    let data = json["item_variation_data"]
    let names = [data["item_id"].text.flatMap { titles[$0] }, data["name"].text].compactMap { $0 }
    return Listing(
      externalId: id, sku: data["sku"].text.flatMap { $0.isEmpty ? nil : $0 },
      title: names.isEmpty ? nil : names.joined(separator: " – "), quantity: counts.total(of: id),
      price: SquareMoney.read(data["price_money"]), currency: data["price_money"]["currency"].text,
      status: json["is_deleted"].bool == true ? "DELETED" : "ACTIVE")
  }
}
