import JSON
import Marketplaces
import Time

/// Offers as they were read for one page, and when.
struct OffersRead: Sendable {
  struct Offer: Sendable {
    var json: JSON
    var at: Timestamp
  }

  var offers: [String: Offer] = [:]
  var calls = 0
}

extension AllegroAdapter {
  /// Up to here offers are read one by one, beyond it through the list by their external ids.
  static let fewOffers = 8
  /// External ids per call of the list, so that the address stays short.
  static let externalIdsPerCall = 50

  /// Reads the offers of a page: each once, whatever the number of events. `externalIds` is what is known of them.
  func offers(
    _ ids: Set<String>, externalIds: [String: String]
  ) async throws(MarketplaceError) -> OffersRead {
    var read = OffersRead()
    if ids.count > Self.fewOffers { try await readByExternalId(ids, externalIds, into: &read) }
    let missing = ids.filter { read.offers[$0] == nil }
    let answers = try await concurrently(missing) { [self] id throws(MarketplaceError) in
      try await find("/sale/product-offers/" + PercentEncoding.segment(id))
    }
    for case (let id, let answer?) in answers {
      read.offers[id] = OffersRead.Offer(json: answer.json, at: answer.date)
    }
    read.calls += missing.count
    return read
  }

  private func readByExternalId(
    _ ids: Set<String>, _ externalIds: [String: String], into read: inout OffersRead
  ) async throws(MarketplaceError) {
    var waiting = Set(ids.compactMap { externalIds[$0] }).sorted()[...]
    while !waiting.isEmpty {
      let names = waiting.prefix(Self.externalIdsPerCall)
      waiting = waiting.dropFirst(names.count)
      let answer = try await get("/sale/offers", [("limit", "1000")] + names.map { ("external.id", $0) })
      read.calls += 1
      for offer in answer.json["offers"].array {
        guard let id = offer["id"].text, ids.contains(id) else { continue }
        read.offers[id] = OffersRead.Offer(json: offer, at: answer.date)
      }
    }
  }
}
