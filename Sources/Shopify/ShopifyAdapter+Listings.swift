import Events
import JSON
package import Marketplaces
import Time

extension ShopifyAdapter {
  /// A page of all variants, by id.
  func listings(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let (answer, calls) = try await ask(
      .variants, size: min(max(request.limit, 1), 250), ["after": .text(request.cursor)])
    let page = answer.json["data"]["productVariants"]
    guard case .array(let nodes) = page["nodes"] else {
      throw .malformed("a page of variants has no 'nodes'")
    }
    let found = nodes.compactMap { node in ShopifyVariant.listing(of: node).map { ($0, node) } }
    let next = page["pageInfo"]["hasNextPage"].bool == true ? page["pageInfo"]["endCursor"].text : nil
    return FeedPage(
      items: found.compactMap { connection.snapshot(of: $0, payload: $1, at: answer.date) },
      listings: found.map { $0.0 }, nextCursor: next, isLast: next == nil, observedAt: answer.date,
      calls: calls)
  }

  /// By the id of the variant, or by the global id of its inventory item, which is what a webhook of stock names.
  package func listing(_ externalId: String) async throws(MarketplaceError) -> ListingRead {
    let isItem = ShopifyID.isInventoryItem(externalId)
    let answer =
      isItem
      ? try await ask(.variantOfItem, ["id": .string(externalId)])
      : try await ask(.oneVariant, ["id": .string(ShopifyID.global(.variant, externalId))])
    let data = answer.json["data"]
    let node = isItem ? data["inventoryItem"]["variant"] : data["productVariant"]
    guard let listing = ShopifyVariant.listing(of: node) else { throw .notFound("listing \(externalId)") }
    return ListingRead(listing: listing, at: answer.date, payload: node)
  }

  // MARK: Changes

  /// How far each reading of changed products goes back behind the last: Shopify's search lags behind its data. What
  /// is read twice has the same id.
  static let searchLag = Duration.seconds(10)

  /// The variants of the products that changed after the cursor, with their stock: a sale changes its product too.
  ///
  /// The cursor is `time`, or `time|Shopify's cursor` within one walk. A product that changed in the very second of
  /// the answer is left to the next walk: the moment of the reading, in whole seconds, would lie before its last sale.
  func changedProducts(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    let place = try ProductPlace(request.cursor)
    let query = place.since.map { "updated_at:>='\($0 - Self.searchLag)'" }
    var (answer, calls) = try await ask(
      .changedProducts, size: min(max(request.limit, 1), 250),
      ["after": .text(place.after), "query": .text(query)])
    let page = answer.json["data"]["products"]
    guard case .array(let nodes) = page["nodes"] else {
      throw .malformed("a page of products has no 'nodes'")
    }
    var items: [FeedItem] = []
    for node in nodes {
      guard let changed = node["updatedAt"].timestamp, changed < answer.date else { continue }
      for variant in try await variants(of: node, calls: &calls) {
        items += changedVariant(variant, changed: changed, observedAt: answer.date)
      }
    }
    let next = place.next(after: page, observedAt: answer.date)
    return FeedPage(
      items: items, nextCursor: next?.text, isLast: next?.after == nil, observedAt: answer.date, calls: calls)
  }

  func latestChange() async throws(MarketplaceError) -> String? {
    let answer = try await ask(.latestProduct)
    let latest = answer.json["data"]["products"]["nodes"][0]["updatedAt"].timestamp
    return latest.map { ProductPlace(since: min($0, answer.date)).text }
  }

  private func variants(of product: JSON, calls: inout Int) async throws(MarketplaceError) -> [JSON] {
    guard product["variants"]["pageInfo"]["hasNextPage"].bool == true,
      let id = ShopifyID.number(product["id"])
    else { return product["variants"]["nodes"].array }
    var variants: [JSON] = []
    var cursor: String?
    repeat {
      let (answer, asked) = try await ask(
        .variants, size: 250, ["after": .text(cursor), "query": .string("product_id:\(id)")])
      calls += asked
      let page = answer.json["data"]["productVariants"]
      variants += page["nodes"].array
      cursor = page["pageInfo"]["hasNextPage"].bool == true ? page["pageInfo"]["endCursor"].text : nil
    } while cursor != nil
    return variants
  }

  private func changedVariant(_ node: JSON, changed: Timestamp, observedAt: Timestamp) -> [FeedItem] {
    guard let listing = ShopifyVariant.listing(of: node), let quantity = listing.quantity else { return [] }
    let id = "product-change/\(listing.externalId)@\(changed)#\(quantity)"
    let inventory = Inventory(
      listingId: listing.externalId, sku: listing.sku, locationId: nil, quantity: quantity, asOf: observedAt)
    let event = connection.event(
      id: connection.messageId(id), type: .inventoryUpdated, time: changed, change: "changed",
      observedAt: observedAt, .inventory(inventory))
    let raw = RawEvent(id: id, type: "PRODUCT_CHANGED", occurredAt: changed, payload: node)
    return [FeedItem(raw: raw, meaning: .event(event))]
  }
}

/// A place among the products by their last change.
struct ProductPlace: Equatable {
  /// Everything that changed up to then was read.
  var since: Timestamp?
  /// Shopify's cursor within a walk that began at `since`.
  var after: String?

  init(since: Timestamp?, after: String? = nil) {
    self.since = since
    self.after = after
  }

  init(_ cursor: String?) throws(MarketplaceError) {
    guard let cursor else {
      self.init(since: nil)
      return
    }
    let parts = cursor.split(separator: "|", maxSplits: 1, omittingEmptySubsequences: false)
    let since = parts.first.flatMap { Timestamp(String($0)) }
    guard since != nil || parts.first?.isEmpty == true else {
      throw .malformed("'\(cursor)' is not a place among the changed products")
    }
    self.init(since: since, after: parts.count > 1 ? String(parts[1]) : nil)
  }

  var text: String { (since?.description ?? "") + (after.map { "|" + $0 } ?? "") }

  /// Where to go on after a page; nil leaves everything as it is.
  func next(after page: JSON, observedAt: Timestamp) -> ProductPlace? {
    if page["pageInfo"]["hasNextPage"].bool == true, let cursor = page["pageInfo"]["endCursor"].text {
      return ProductPlace(since: since, after: cursor)
    }
    let settled = page["nodes"].array.compactMap { $0["updatedAt"].timestamp }.filter { $0 < observedAt }
    guard let last = (settled + [since].compactMap { $0 }).max() else { return nil }
    return ProductPlace(since: last)
  }
}

/// Reads a product variant of the GraphQL API.
enum ShopifyVariant {
  /// Nil when it has no id. One whose stock Shopify doesn't track has no quantity.
  static func listing(of node: JSON) -> Listing? {
    guard let id = ShopifyID.number(node["id"]) else { return nil }
    let isTracked = node["inventoryItem"]["tracked"].bool ?? true
    let own = node["title"].text.flatMap { $0 == "Default Title" ? nil : $0 }
    let title = [node["product"]["title"].text, own].compactMap { $0 }.joined(separator: " – ")
    return Listing(
      externalId: id, sku: node["sku"].text.flatMap { $0.isEmpty ? nil : $0 },
      title: title.isEmpty ? nil : title,
      quantity: isTracked ? node["inventoryQuantity"].integer.flatMap { Int(exactly: $0) } : nil,
      price: Money(node["price"]), status: node["product"]["status"].text)
  }
}
