import Events
import Logging
import Postgres

/// What a batch changes, decided order by order from its locked row, and then written as a whole.
struct OrderChanges {
  private let accounts: Accounts
  private let logger: Logger

  private var headers: [OrderRecord] = []
  private var lines: [(id: Int, key: VersionKey)] = []
  private var placeholders: [Int] = []
  private var entries = EntryRows()
  private var kept: [(name: OrderName, version: OrderVersion, reason: OrderVersion.SkipReason)] = []
  private var forgotten: [OrderName] = []

  init(accounts: Accounts, logger: Logger) {
    self.accounts = accounts
    self.logger = logger
  }

  /// Decides what becomes of an order. `skipped` are the versions that were kept of it; `counting` hears what each
  /// message came to.
  mutating func add(
    _ arrival: Arrivals.Arrival, at row: OrderRows.Locked, skipped: [OrderVersion],
    counting: (_ message: Int, Outcome) -> Void
  ) {
    var state = row.state
    for version in skipped { state.take(version) }
    for (version, message) in arrival.versions { counting(message, state.take(version)) }
    guard state.isKnown else {
      placeholders.append(row.id)
      for (version, _) in arrival.versions {
        if let reason = version.skipReason { kept.append((arrival.name, version, reason)) }
      }
      return
    }
    if !skipped.isEmpty { forgotten.append(arrival.name) }
    writeHeader(of: arrival, as: state, at: row)
    writeEntries(of: arrival, as: state, at: row)
  }

  private mutating func writeHeader(
    of arrival: Arrivals.Arrival, as state: OrderState, at row: OrderRows.Locked
  ) {
    if row.isNew {
      let made = arrival.state
      if state.header?.key == made.header?.key && state.lines?.key == made.lines?.key { return }
    }
    if let header = OrderRecord(name: arrival.name, state: state, accounts: accounts) {
      headers.append(header)
    } else if let holding = state.lines, holding.version != nil {
      lines.append((row.id, holding.key))
    }
  }

  private mutating func writeEntries(
    of arrival: Arrivals.Arrival, as state: OrderState, at row: OrderRows.Locked
  ) {
    let user = accounts[arrival.name.connection]?.user
    if let order = state.lines?.version?.order {
      let items = order.items { line in
        logger.warning(
          "order \(order.externalId): line \(line.externalId) with quantity \(line.quantity) is skipped")
      }
      entries.add(items, .item, of: row.id, named: arrival.name, user: user, replacing: !row.isNew)
    }
    if let order = state.header?.version?.order {
      let entry = order.shippingEntry.map { [$0] } ?? []
      entries.add(
        entry, .shipping, of: row.id, named: arrival.name, user: user,
        replacing: !row.isNew && entry.isEmpty)
    }
  }

  /// Queues all of it.
  func send(on connection: Connection) throws(PostgresError) {
    try OrderRows.update(headers, on: connection)
    try OrderRows.update(lines: lines, on: connection)
    try OrderRows.delete(placeholders, on: connection)
    try entries.send(on: connection)
    try SkippedVersions.keep(kept, on: connection)
    try SkippedVersions.forget(forgotten, on: connection)
  }
}
