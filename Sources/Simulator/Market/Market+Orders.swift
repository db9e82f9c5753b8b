import Time

/// The life of an order. Each step does nothing where the order has gone another way meanwhile.
extension Market {
  /// Buys one to three listings; nil when what the buyer wanted is sold out.
  @discardableResult
  mutating func placeOrder(by returning: Buyer?, at time: Timestamp) -> Int? {
    let moment = time.wholeMilliseconds
    let lines = pickLines(at: moment)
    guard !lines.isEmpty else { return nil }
    let order = orders.count
    let buyer = returning ?? Buyer(number: dice.between(0, Buyer.count - 1))
    add(
      Order(
        id: dice.identifier(), number: Order.firstNumber + order, buyer: buyer, paymentId: dice.identifier(),
        placedAt: moment, lastBoughtAt: moment, versions: [firstVersion(of: lines, at: moment)]))
    for line in lines { changeStock(of: line.listing, by: -line.quantity, at: moment) }
    announce(order, .placed)
    plan(order, from: time)
    return order
  }

  private func firstVersion(of lines: [Line], at moment: Timestamp) -> OrderVersion {
    guard behaviour.paysAtOnce else {
      return OrderVersion(occurredAt: moment, updatedAt: moment, stage: .placed, lines: lines)
    }
    return OrderVersion(
      occurredAt: moment, updatedAt: moment, stage: .paid, paidAt: moment, isFilledIn: true, lines: lines)
  }

  private mutating func pickLines(at moment: Timestamp) -> [Line] {
    let wanted = dice.chance(0.6) ? 1 : dice.chance(0.7) ? 2 : 3
    var lines: [Line] = []
    for _ in 0..<wanted {
      for _ in 0..<8 {
        let listing = popularity.pick(&dice)
        guard !listings[listing].isSoldOut, !lines.contains(where: { $0.listing == listing }) else {
          continue
        }
        let quantity = dice.chance(0.75) ? 1 : dice.chance(0.7) ? 2 : 3
        lines.append(
          Line(
            id: dice.identifier(), listing: listing,
            quantity: min(quantity, behaviour.largestQuantity, listings[listing].stock),
            price: listings[listing].price, boughtAt: moment))
        break
      }
    }
    return lines
  }

  /// What this order's buyer and seller are going to do.
  private mutating func plan(_ order: Int, from time: Timestamp) {
    schedule(.fillIn(order), in: dice.seconds(0.1, 1), from: time)
    if dice.chance(behaviour.cancelled) {
      let silently = dice.chance(behaviour.silentlyCancelled)
      let byBuyer = dice.chance(0.7)
      schedule(
        .cancel(order, silently: silently, byBuyer: byBuyer), in: dice.seconds(0.3, 12), from: time)
      if dice.chance(0.6) { schedule(.pay(order), in: dice.seconds(1, 5), from: time) }
    } else if dice.chance(behaviour.paid) {
      let payment = dice.seconds(1, 5)
      schedule(.pay(order), in: payment, from: time)
      if dice.chance(behaviour.sent) { schedule(.send(order), in: payment + dice.seconds(3, 15), from: time) }
    }
    if dice.chance(behaviour.edited) { schedule(.edit(order), in: dice.seconds(0.5, 10), from: time) }
    if dice.chance(behaviour.merged) { schedule(.buyAgain(order), in: dice.seconds(0.1, 0.4), from: time) }
  }

  mutating func fillIn(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), !orders[order].latest.isFilledIn else { return }
    record(order, .filledIn, at: time) { version, _ in
      version.isFilledIn = true
      if version.stage == .placed { version.stage = .filledIn }
    }
  }

  mutating func pay(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.paidAt == nil else { return }
    record(order, .paid, at: time) { version, moment in
      version.isFilledIn = true
      version.paidAt = moment
      version.stage = .paid
    }
  }

  mutating func send(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.stage == .paid else { return }
    record(order, .sent, at: time) { version, moment in
      version.sentAt = moment
      version.stage = .sent
    }
    if dice.chance(behaviour.delivered) { schedule(.deliver(order), in: dice.seconds(3, 20), from: time) }
    if behaviour.disputed > 0, dice.chance(behaviour.disputed) {
      schedule(.dispute(order), in: dice.seconds(1, 6), from: time)
    }
  }

  mutating func deliver(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.stage == .sent else { return }
    record(order, .delivered, at: time) { version, _ in version.stage = .delivered }
    if dice.chance(behaviour.returned) { schedule(.comeBack(order), in: dice.seconds(2, 10), from: time) }
  }

  /// The buyer complains about the first of the lines.
  mutating func dispute(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), !orders[order].latest.lines.isEmpty else { return }
    schedule(.answer(dispute: disputes.count), in: Dispute.answerTime, from: time)
    disputes.append(Dispute(order: order, openedAt: time.wholeMilliseconds))
  }

  /// The goods come back and the money too, but not the stock: a refund is no restock.
  mutating func comeBack(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.stage == .delivered else { return }
    record(order, .returned, at: time) { version, _ in version.stage = .returned }
  }

  /// Another quantity of one line, or one line less.
  mutating func edit(_ order: Int, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.sentAt == nil else { return }
    let lines = orders[order].latest.lines
    let place = dice.between(0, lines.count - 1)
    let line = lines[place]
    // The last purchase stays, since listings go by its time.
    let isLastPurchase = !lines.contains { $0.id != line.id && $0.boughtAt == orders[order].lastBoughtAt }
    let dropsLine = dice.chance(behaviour.droppedLines) && !isLastPurchase
    guard dropsLine || behaviour.droppedLines < 1 else { return }
    let wanted = dropsLine ? 0 : dice.between(1, 4)
    let change = min(wanted - line.quantity, listings[line.listing].stock)
    guard change != 0 else { return }
    record(order, .edited, at: time) { version, _ in
      version.lines[place].quantity += change
      if version.lines[place].quantity == 0 { version.lines.remove(at: place) }
    }
    changeStock(of: line.listing, by: -change, at: orders[order].latest.occurredAt)
  }

  /// Gives the stock back; a silent cancellation leaves `updatedAt` where it was.
  mutating func cancel(_ order: Int, silently: Bool, byBuyer: Bool, at time: Timestamp) {
    guard let order = alive(order), orders[order].latest.sentAt == nil else { return }
    let milestone = byBuyer ? Milestone.cancelledByBuyer : .cancelledAutomatically
    record(order, milestone, at: time, silently: silently) { version, moment in
      version.cancelledAt = moment
      version.stage = .cancelled
    }
    let cancelled = orders[order].latest
    for line in cancelled.lines { changeStock(of: line.listing, by: line.quantity, at: cancelled.occurredAt) }
  }

  /// The same buyer orders once more, before having paid for the first; the two are to be merged.
  mutating func buyAgain(after first: Int, at time: Timestamp) {
    guard let first = alive(first), let second = placeOrder(by: orders[first].buyer, at: time) else { return }
    schedule(.merge(first, second), in: dice.seconds(0.2, 0.6), from: time)
  }

  /// Two unpaid orders of one buyer become one with a new id; their lines keep their ids.
  mutating func merge(_ one: Int, _ other: Int, at time: Timestamp) {
    guard let one = alive(one), let other = alive(other), one != other,
      orders[one].buyer == orders[other].buyer,
      orders[one].latest.paidAt == nil, orders[other].latest.paidAt == nil
    else { return }
    let moment = max(
      time.wholeMilliseconds, orders[one].latest.updatedAt, orders[other].latest.updatedAt
    ).addingOneMillisecond
    let merged = orders.count
    let version = OrderVersion(
      occurredAt: moment, updatedAt: moment, stage: .filledIn, isFilledIn: true,
      lines: orders[one].latest.lines + orders[other].latest.lines)
    add(
      Order(
        id: dice.identifier(), number: Order.firstNumber + merged, buyer: orders[one].buyer,
        paymentId: dice.identifier(), placedAt: min(orders[one].placedAt, orders[other].placedAt),
        lastBoughtAt: max(orders[one].lastBoughtAt, orders[other].lastBoughtAt),
        versions: [version]))
    orders[one].mergedInto = merged
    orders[other].mergedInto = merged
    announce(merged, .merged)
  }
}

extension Market {
  /// The order that its lines are in now, if they still take stock.
  func alive(_ order: Int) -> Int? {
    var current = order
    while let next = orders[current].mergedInto { current = next }
    return orders[current].isAlive ? current : nil
  }

  private mutating func add(_ order: Order) {
    orderIds[order.id] = orders.count
    index.bought(orders.count, at: order.lastBoughtAt)
    index.updated(orders.count, at: order.latest.updatedAt)
    orders.append(order)
  }

  /// Adds a version, later than the one before it.
  private mutating func record(
    _ order: Int, _ milestone: Milestone, at time: Timestamp, silently: Bool = false,
    change: (inout OrderVersion, Timestamp) -> Void
  ) {
    var version = orders[order].latest
    let moment = max(time.wholeMilliseconds, version.occurredAt.addingOneMillisecond)
    version.occurredAt = moment
    if !silently {
      version.updatedAt = moment
      index.updated(order, at: moment)
    }
    change(&version, moment)
    orders[order].versions.append(version)
    announce(order, milestone)
  }

  private mutating func announce(_ order: Int, _ milestone: Milestone) {
    let version = orders[order].versions.count - 1
    let occurredAt = orders[order].latest.occurredAt
    let news = OrderNews(order: order, version: version, milestone: milestone)
    let visibleAt = max(occurredAt, clock) + delay()
    orderEvents.announce(news, occurredAt: occurredAt, visibleAt: visibleAt)
    if dice.chance(behaviour.repeated) {
      orderEvents.announce(news, occurredAt: occurredAt, visibleAt: visibleAt + delay())
    }
    if quietSince != nil { orderEvents.reveal(until: visibleAt) }
  }
}

extension Timestamp {
  var addingOneMillisecond: Timestamp { self + .milliseconds(1) }
}
