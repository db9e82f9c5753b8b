package import Events
import Foundation
package import Lane
package import Logging
package import Postgres
package import Topology

/// Keeps `orders` and `order_entries` as the marketplaces have them, whatever arrives in whatever order.
///
/// An order exists as soon as any version ever seen qualifies: alive, eligible, of an allowed financial status. Its
/// header is then that of the greatest version, its entries those of the greatest version with a list of lines, the
/// skipped ones included (Rule 13). One that was merged into another is closed (Rule 5).
package struct OrderSync: Consumer {
  private let allowed: Set<String>
  private let logger: Logger
  private let metrics = OrderMetrics()
  private var accounts = Accounts()

  /// `allowedFinancialStatuses`: of orders that may be created, in lower case (`ALLOWED_ORDER_FINANCIAL_STATUSES`).
  package init(allowedFinancialStatuses: Set<String>, logger: Logger) {
    allowed = allowedFinancialStatuses
    self.logger = logger
  }

  package var queue: Queue { .orderSync }

  package func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event {
    try Event.decode(body)
  }

  package mutating func prepare(_ messages: [Event], on connection: Connection) throws {
    accounts = try Accounts(of: messages, on: connection)
  }

  package mutating func apply(
    _ batch: Batch<Event>, on connection: Connection
  ) throws -> [Int: Disposition] {
    var exceptions: [Int: Disposition] = [:]
    var arrivals = Arrivals()
    for (index, event) in batch.messages.enumerated() {
      guard case .order(let order) = event.subjectData else { continue }
      do {
        let name = OrderName(connection: try account(of: event), external: order.externalId)
        arrivals.add(OrderVersion(order, in: event, allowed: allowed), of: name, from: index)
      } catch {
        exceptions[index] = .deadLetter(error)
      }
    }
    try sync(arrivals.sorted, in: batch, refused: Array(exceptions.keys), on: connection)
    return exceptions
  }

  /// The connection of an event, which must be registered or at least say what marketplace it stands for.
  private func account(of event: Event) throws(Failure) -> UUID {
    guard let id = UUID(text: event.connectionId),
      accounts[id] != nil || event.marketplaceId != nil
    else {
      throw Failure(
        .unknownConnection, place: "connection",
        "connection \(event.connectionId) is not registered and the event names no marketplaceId")
    }
    return id
  }

  /// Locks first, then reads and decides, then writes; only claimed messages are counted.
  private func sync(
    _ arrivals: [Arrivals.Arrival], in batch: Batch<Event>, refused: [Int], on connection: Connection
  ) throws {
    let names = arrivals.map(\.name)
    let inserted = try OrderRows.insert(arrivals, of: accounts, on: connection)
    let kept = try SkippedVersions.read(names, on: connection)
    var isNew = [Bool](repeating: false, count: batch.messages.count)
    for index in try batch.claimed() { isNew[index] = true }
    let rows = try OrderRows.lock(names, besides: connection.receive(inserted), on: connection)
    let skipped = try SkippedVersions.versions(in: connection.receive(kept))

    var changes = OrderChanges(accounts: accounts, logger: logger)
    var statistics = OrderStatistics()
    var awaited = AwaitedOutcomes()
    var merged = MergedOrders()
    for arrival in arrivals {
      guard let row = rows[arrival.name] else { continue }
      changes.add(arrival, at: row, skipped: skipped[arrival.name] ?? []) { message, outcome in
        if isNew[message] { statistics.add(outcome, of: arrival.name.connection) }
        awaited.add(outcome, of: batch.messages[message])
      }
      if row.isNew { merged.claim(arrival) }
    }
    for index in refused where isNew[index] {
      if let connection = UUID(text: batch.messages[index].connectionId) {
        statistics.add(.error, of: connection)
      }
    }
    try changes.send(on: connection)
    try merged.close(on: connection)
    try awaited.send(on: connection)
    try statistics.send(on: connection)
    metrics.record(statistics.total)
  }
}
