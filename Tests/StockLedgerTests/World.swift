import Events
import Foundation
import StockLedger
import TestServers
import Time

/// A small marketplace made up from a seed: orders in versions, snapshots and top-ups, some sharing a moment, some
/// sharing lines, and what the stock must be in the end according to the closed form.
struct World {
  let connection: String
  /// Nobody else's, so that worlds in one schema don't meet.
  let marketplace: Int
  private(set) var events: [Event] = []
  private let listings = ["offer-1", "offer-2", "offer-3"]
  /// What is topped up: a listing's SKU, before it is first heard of or after, or one that no listing has.
  private let topups = ["SKU-offer-1", "SKU-offer-2", "SKU-loose"]

  init(marketplace: Int, seed: UInt64, platform: String = "allegro") {
    connection = UUID().uuidString.lowercased()
    self.marketplace = marketplace
    var random = SplitMix(seed: seed)
    let orders = Int.random(in: 1...4, using: &random)
    for number in 1...orders { addOrder("order-\(number)", platform: platform, &random) }
    for number in 0..<Int.random(in: 0...4, using: &random) {
      addSnapshot(number, platform: platform, &random)
    }
    for number in 0..<Int.random(in: 0...2, using: &random) { addTopup(number, platform: platform, &random) }
  }

  /// What `on_hand` must be, per SKU, when these of the events have come.
  func expected(of events: [Event]) -> [String: Int] {
    var versions: [String: OrderVersions] = [:]
    var bases: [String: [Base]] = [:]
    var booked: [String: [(at: Timestamp, size: Int)]] = [:]
    for event in events {
      switch event.subjectData {
      case .topup(let topup): booked[topup.sku ?? "", default: []].append((event.time, topup.quantity))
      case .order(let order):
        versions[order.externalId, default: OrderVersions()].insert(
          OrderVersion(order, in: event) { line in listings.firstIndex(of: line.listingId ?? "") })
      case .inventory(let inventory):
        guard let listing = inventory.listingId, let quantity = inventory.quantity else { continue }
        bases[listing, default: []].append(
          Base(at: inventory.asOf, kind: .snapshot, quantity: quantity, id: event.id))
      default: continue
      }
    }
    let steps = OrderSteps.of(group: versions)
    var stock: [String: Int] = [:]
    for (index, listing) in listings.enumerated() {
      let own = steps.values.joined().filter { $0.key.listing == index }.map {
        (at: $0.key.at, size: $0.value)
      }
      let facts = ListingFacts(
        bases: bases[listing] ?? [], steps: own + (booked["SKU-\(listing)"] ?? []))
      stock["SKU-\(listing)"] = facts.share
    }
    stock["SKU-loose"] = booked["SKU-loose"]?.reduce(0) { $0 + $1.size }
    return stock
  }

  private func moment(_ random: inout SplitMix) -> Timestamp {
    // Few distinct moments, so that ties are frequent.
    Timestamp(secondsSince1970: 1_760_000_000 + Int64.random(in: 0...12, using: &random) * 10)
  }

  private mutating func addOrder(_ id: String, platform: String, _ random: inout SplitMix) {
    let placed = moment(&random)
    let count = Int.random(in: 1...4, using: &random)
    for number in 1...count {
      let updated = max(placed, moment(&random))
      let isCancelled = Int.random(in: 0..<5, using: &random) == 0
      var order = Order(externalId: id, status: isCancelled ? .cancelled : .new, updatedAt: updated)
      order.eligible = Int.random(in: 0..<8, using: &random) != 0
      if Int.random(in: 0..<4, using: &random) != 0 { order.placedAt = placed }
      if isCancelled && Bool.random(using: &random) { order.cancelledAt = max(placed, moment(&random)) }
      if Int.random(in: 0..<5, using: &random) != 0 { order.lines = lines(of: id, &random) }
      let observed = moment(&random)
      let event = Event(
        id: "\(platform):\(connection):\(id)-\(number)",
        type: isCancelled ? .orderCancelled : .orderUpdated, time: observed, connectionId: connection,
        platform: platform, marketplaceId: marketplace, observedAt: observed, subjectData: .order(order))
      events.append(event)
    }
  }

  /// Lines of an order; now and then one that another order claims as well, as after a merge.
  private func lines(of order: String, _ random: inout SplitMix) -> [OrderLine] {
    var lines: [OrderLine] = []
    for number in 1...Int.random(in: 1...2, using: &random) {
      let shared = Int.random(in: 0..<6, using: &random) == 0
      let listing = listings[Int.random(in: 0..<listings.count, using: &random)]
      lines.append(
        OrderLine(
          externalId: shared ? "shared-\(number)" : "\(order)-line-\(number)", listingId: listing,
          sku: "SKU-\(listing)", quantity: Int.random(in: 0...4, using: &random),
          restocked: Int.random(in: 0..<6, using: &random) == 0 ? 1 : 0))
    }
    return lines
  }

  private mutating func addSnapshot(_ number: Int, platform: String, _ random: inout SplitMix) {
    let listing = listings[Int.random(in: 0..<listings.count, using: &random)]
    let at = moment(&random)
    let quantity = Int.random(in: 0...20, using: &random)
    let id = "\(platform):\(connection):snapshot-\(number)"
    events.append(
      Event(
        id: id, type: .inventoryUpdated, time: at, connectionId: connection, platform: platform,
        marketplaceId: marketplace,
        subjectData: .inventory(
          Inventory(listingId: listing, sku: "SKU-\(listing)", quantity: quantity, asOf: at))))
  }

  private mutating func addTopup(_ number: Int, platform: String, _ random: inout SplitMix) {
    let at = moment(&random)
    let sku = topups[Int.random(in: 0..<topups.count, using: &random)]
    events.append(
      Event(
        id: "\(platform):\(connection):topup-\(number)", type: .stockTopup, time: at,
        connectionId: connection,
        platform: platform, marketplaceId: marketplace,
        subjectData: .topup(Topup(sku: sku, quantity: 5 + number))))
  }
}
