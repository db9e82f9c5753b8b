package import Events
package import Lane
package import Logging
import Outbox
package import Postgres
import Time
package import Topology

/// Keeps the stock of every listing right, whatever arrives in whatever order (RULES, the stock model).
///
/// It is about state, not about steps: an order event carries the order as it stands, the ledger adds that version
/// to the set it knows, and books the difference between what the set says now and what it said before.
package struct StockLedger: Consumer {
  /// A snapshot further ahead of our clock than this would absorb sales that have not happened yet.
  private static let furthestAhead = Duration.seconds(600)

  private let lowThreshold: Int
  private let allowedStatuses: Set<String>?
  private let logger: Logger
  private var catalogue = Catalogue()

  /// `lowThreshold`: `stock.low` goes out when listed stock falls below it (`LOW_STOCK_THRESHOLD`).
  /// `allowedFinancialStatuses`: those of orders that count, in lower case; nil: all do.
  package init(lowThreshold: Int, allowedFinancialStatuses: Set<String>? = nil, logger: Logger) {
    self.lowThreshold = lowThreshold
    allowedStatuses = allowedFinancialStatuses
    self.logger = logger
  }

  package var queue: Queue { .stockLedger }

  package func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event {
    try Event.decode(body)
  }

  package mutating func prepare(_ messages: [Event], on connection: Connection) throws {
    var marketplaces: [String: Int] = [:]
    for event in messages {
      if catalogue.account(event.connectionId) == nil {
        marketplaces[event.connectionId] = event.marketplaceId ?? marketplaces[event.connectionId] ?? 0
      }
    }
    try catalogue.resolve(names(in: messages), marketplaces: marketplaces, on: connection)
    for event in messages {
      guard case .topup(let topup) = event.subjectData, let account = catalogue.account(event.connectionId)
      else { continue }
      try OwnDelta.makeRow(for: topup, of: account, on: connection)
    }
  }

  package mutating func apply(
    _ batch: Batch<Event>, on connection: Connection
  ) throws -> [Int: Disposition] {
    let epoch = try Catalogue.sendEpoch(on: connection)
    var exceptions: [Int: Disposition] = [:]
    var orders = OrderBook()
    for (index, event) in batch.messages.enumerated() {
      guard let account = catalogue.account(event.connectionId) else {
        exceptions[index] = .deadLetter(Self.unknownConnection(of: event))
        continue
      }
      if let failure = Self.refusal(of: event) {
        exceptions[index] = .deadLetter(failure)
      } else if case .order(let order) = event.subjectData {
        orders.add(version(of: order, in: event), of: order, at: account.id, platform: event.platform)
      }
    }
    try orders.send(on: connection)
    var booking = Booking(lowThreshold: lowThreshold)
    let claimed = try batch.claimed()
    try catalogue.check(epoch, on: connection)
    for index in claimed where exceptions[index] == nil {
      let event = batch.messages[index]
      switch event.subjectData {
      case .inventory(let inventory): note(inventory, in: event, into: &booking)
      case .topup(let topup): try note(topup, in: event, into: &booking, on: connection)
      default: continue
      }
    }
    try orders.load(on: connection)
    let sold = orders.sold()
    try catalogue.learn(
      sold.lazy.flatMap(\.steps).map(\.step.listing),
      platforms: Dictionary(batch.messages.map { ($0.connectionId, $0.platform) }) { $1 }, on: connection)
    for order in sold { note(order, into: &booking) }
    try booking.book(on: connection)
    return exceptions
  }

  /// Every listing that the events name and that is not remembered.
  private func names(in events: [Event]) -> Set<ListingName> {
    var names: Set<ListingName> = []
    func add(_ name: ListingName?) {
      if let name, catalogue.place(of: name) == nil { names.insert(name) }
    }
    for event in events {
      switch event.subjectData {
      case .order(let order): for line in order.lines ?? [] { add(event.name(of: line)) }
      case .inventory(let inventory): add(event.name(of: inventory))
      default: continue
      }
    }
    return names
  }

  private static func unknownConnection(of event: Event) -> Failure {
    Failure(
      .unknownConnection, place: "connection",
      "connection \(event.connectionId) is not registered and the event names no marketplaceId")
  }

  /// Why an event can't be booked at all, found out before anything is.
  private static func refusal(of event: Event) -> Failure? {
    if let inventory = event.inventory, inventory.asOf > Timestamp.now() + furthestAhead {
      return Failure(
        .badData, place: "snapshot", "the snapshot claims to be of \(inventory.asOf), which is yet to come")
    }
    return nil
  }

  private func version(of order: Order, in event: Event) -> OrderVersion {
    for line in order.lines ?? [] where line.quantity <= 0 {
      logger.warning(
        "order \(order.externalId): line \(line.externalId) has quantity \(line.quantity) and is skipped")
    }
    return OrderVersion(order, in: event, allowed: allowedStatuses) { line in
      event.name(of: line).flatMap { catalogue.place(of: $0)?.listing }
    }
  }

  // MARK: What to book

  /// Books the steps of an order.
  ///
  /// One that first counts when nothing of it is sold any more (cancelled before we heard of it) books nothing, though
  /// its steps are kept: a snapshot may yet turn up between them (Rule 2).
  private func note(_ sold: OrderBook.Sold, into booking: inout Booking) {
    let (name, isNew) = (sold.entry.name, !sold.entry.before.isEligible)
    let isCancelled = sold.entry.after.latest?.isCancelled ?? false
    let origin = StockChange.Origin(
      connection: name.connection, order: name.external, number: sold.entry.number ?? name.external)
    let changes = sold.steps.compactMap { step, size -> StockChange? in
      guard let place = catalogue.place(ofListing: step.listing) else { return nil }
      return StockChange(
        place: place, origin: origin, cause: .ofOrder(step: size, isNew: isNew, isCancelled: isCancelled),
        at: step.at, step: size, booked: size, line: step.line)
    }
    booking.add(changes, settlesAtZero: isNew && isCancelled)
  }

  private func note(_ inventory: Inventory, in event: Event, into booking: inout Booking) {
    guard let quantity = inventory.quantity, let name = event.name(of: inventory),
      let place = catalogue.place(of: name), let account = catalogue.account(event.connectionId)
    else { return }
    let base = Base(
      at: inventory.asOf, kind: .snapshot, quantity: quantity, id: event.id,
      location: inventory.locationId ?? "")
    booking.add(
      base, at: place, connection: account.id,
      cause: event.change == "reconciliation" ? .reconciliation : .apiSync)
  }

  private func note(
    _ topup: Topup, in event: Event, into booking: inout Booking, on connection: Connection
  ) throws {
    guard let account = catalogue.account(event.connectionId),
      try OwnDelta.isNew(event.id, of: account, on: connection)
    else { return }
    let place = try OwnDelta.place(of: topup, for: account, platform: event.platform, on: connection)
    // Where nothing is ever pushed, a person who books a top-up here has entered it at the marketplace as well:
    // the next snapshot contains it, also the first of a listing that nobody knew of. Where we push, the marketplace
    // learns of it only from us, and not before it has said how many it had: the first snapshot doesn't contain it.
    booking.add(
      [
        StockChange(
          place: place, origin: .init(connection: account.id, admin: topup.adminId, notes: topup.notes),
          cause: .topup, at: event.time, step: account.isPooled ? 0 : topup.quantity, booked: topup.quantity)
      ], settlesAtZero: false)
  }
}

extension Event {
  fileprivate func name(of line: OrderLine) -> ListingName? {
    ListingName(connection: connectionId, listing: line.listingId, sku: line.sku, platform: platform)
  }

  fileprivate func name(of inventory: Inventory) -> ListingName? {
    ListingName(
      connection: connectionId, listing: inventory.listingId, sku: inventory.sku, platform: platform)
  }
}
