import Events
import Foundation
import Postgres
import StockLedger
import TestServers
import Time

/// A few marketplaces of one seller that share their stock: orders, snapshots and top-ups at each, and what the pool
/// must have in the end according to the closed form.
struct PooledWorld {
  let connections: [UUID]
  let user: String
  private(set) var events: [Event] = []

  /// Registers its connections; the same seed gives the same events in the same order, at other connections.
  init(seed: UInt64, on connection: Connection) throws {
    var random = SplitMix(seed: seed)
    let count = Int.random(in: 2...3, using: &random)
    user = UUID().uuidString
    connections = (0..<count).map { _ in UUID() }
    var marketplaces: [Int] = []
    for (number, id) in connections.enumerated() {
      let rows = try connection.query(
        """
        INSERT INTO platform_connections (id, user_id, platform, name, base_url, sync_rules)
        VALUES ($1, $2, 'allegro', $3, 'http://localhost', '{"propagateInventory": true}')
        RETURNING marketplace_id
        """, [id, user, "account \(number)"])
      marketplaces.append(rows.first?.int(0) ?? 0)
    }
    for number in 0..<count {
      let place = (number: number, id: connections[number], marketplace: marketplaces[number])
      for order in 0..<Int.random(in: 0...2, using: &random) { addOrder(order, at: place, &random) }
      for snapshot in 0..<Int.random(in: 0...3, using: &random) { addSnapshot(snapshot, at: place, &random) }
      if Int.random(in: 0..<4, using: &random) == 0 { addTopup(at: place) }
    }
  }

  typealias Spot = (number: Int, id: UUID, marketplace: Int)

  /// What `on_hand` must be everywhere, when these of the events have come.
  func expected(of events: [Event]) -> Int {
    var versions: [String: OrderVersions] = [:]
    var bases: [Int: [Base]] = [:]
    var topups = 0
    for event in events {
      let number = connections.firstIndex { $0.uuidString.lowercased() == event.connectionId } ?? 0
      switch event.subjectData {
      case .order(let order):
        versions[order.externalId, default: OrderVersions()].insert(
          OrderVersion(order, in: event) { _ in number })
      case .inventory(let inventory):
        guard let quantity = inventory.quantity else { continue }
        bases[number, default: []].append(
          Base(at: inventory.asOf, kind: .snapshot, quantity: quantity, id: event.id))
      case .topup(let topup): topups += topup.quantity
      default: continue
      }
    }
    let steps = versions.mapValues { OrderSteps.of($0) }
    var facts: [Int: ListingFacts] = [:]
    for number in connections.indices {
      let own = steps.values.joined().filter { $0.key.listing == number }.map {
        (at: $0.key.at, size: $0.value)
      }
      facts[number] = ListingFacts(bases: bases[number] ?? [], steps: own)
    }
    return PoolOpening.share(of: facts) + topups
  }

  /// Moments close to each other, so that the order of steps and bases is often in doubt.
  private func moment(_ random: inout SplitMix) -> Timestamp {
    Timestamp(secondsSince1970: 1_760_000_000 + Int64.random(in: 0...30, using: &random))
  }

  private func event(_ id: String, _ type: EventType, _ time: Timestamp, at spot: Spot, _ data: Event.Payload)
    -> Event
  {
    let key = spot.id.uuidString.lowercased()
    return Event(
      id: "allegro:\(key):\(id)", type: type, time: time, connectionId: key, platform: "allegro",
      marketplaceId: spot.marketplace, observedAt: time, subjectData: data)
  }

  private mutating func addOrder(_ number: Int, at spot: Spot, _ random: inout SplitMix) {
    let id = "order-\(spot.number)-\(number)"
    let placed = moment(&random)
    for version in 1...Int.random(in: 1...3, using: &random) {
      let isCancelled = Int.random(in: 0..<4, using: &random) == 0
      var order = Order(
        externalId: id, status: isCancelled ? .cancelled : .new, updatedAt: max(placed, moment(&random)))
      order.placedAt = placed
      order.lines = [
        OrderLine(
          externalId: "line-\(id)", listingId: "offer", sku: "SKU",
          quantity: Int.random(in: 1...3, using: &random))
      ]
      let event = event(
        "\(id)-\(version)", isCancelled ? .orderCancelled : .orderUpdated, moment(&random), at: spot,
        .order(order))
      events.append(event)
    }
  }

  private mutating func addSnapshot(_ number: Int, at spot: Spot, _ random: inout SplitMix) {
    let at = moment(&random)
    let quantity = Int.random(in: 0...12, using: &random)
    let id = "snapshot-\(spot.number)-\(number)"
    let event = event(
      id, .inventoryUpdated, at, at: spot,
      .inventory(Inventory(listingId: "offer", sku: "SKU", quantity: quantity, asOf: at)))
    events.append(event)
  }

  private mutating func addTopup(at spot: Spot) {
    let time = Timestamp(secondsSince1970: 1_760_000_015)
    events.append(
      event("topup-\(spot.number)", .stockTopup, time, at: spot, .topup(Topup(sku: "SKU", quantity: 5))))
  }
}
