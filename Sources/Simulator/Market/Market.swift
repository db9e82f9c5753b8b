package import Time

/// One account's shop on a marketplace and the people who buy there: a value, and the truth.
///
/// It only moves by `advance(to:)`, and where it stands at a moment depends on nothing but the seed and what
/// was asked of it: not on how often it was advanced. At any moment, for each listing:
/// stock = initial stock − quantities of the alive orders' lines + adjustments.
package struct Market: Sendable {
  package internal(set) var listings: [Listing] = []
  package internal(set) var orders: [Order] = []
  /// The earliest first.
  package internal(set) var disputes: [Dispute] = []
  var offerEvents = Feed<OfferNews>(retention: .seconds(24 * 3600))
  var orderEvents = Feed<OrderNews>(retention: .seconds(60 * 24 * 3600))
  var index = OrderIndex()
  package let behaviour: Behaviour
  var dice: Dice
  let popularity: Popularity
  var steps = TimeQueue<Step>()
  /// How far it has been advanced.
  package private(set) var clock: Timestamp
  /// When it went quiet; nil while it is busy.
  package private(set) var quietSince: Timestamp?
  var orderIds: [Identifier: Int] = [:]
  var listingIds: [Int64: Int] = [:]

  /// A market with that many listings (at least one), SKU-0001 and so on.
  package init(seed: UInt64, listings count: Int = 200, behaviour: Behaviour = .init(), start: Timestamp) {
    self.behaviour = behaviour
    dice = Dice(seed: seed)
    popularity = Popularity(listings: max(1, count))
    clock = start
    for rank in 0..<max(1, count) { list(rank, at: start.wholeMilliseconds) }
    if behaviour.ordersPerSecond > 0 {
      schedule(.order, in: dice.gap(perSecond: behaviour.ordersPerSecond), from: start)
      scheduleSeller(from: start)
    }
  }

  /// Lets everything happen that is due until then; a time in the past does nothing.
  package mutating func advance(to now: Timestamp) {
    if quietSince == nil {
      while let (time, step) = steps.next(until: now) {
        clock = max(clock, time)
        perform(step, at: time)
      }
    }
    clock = max(clock, now)
    offerEvents.reveal(until: clock)
    orderEvents.reveal(until: clock)
  }

  /// Goes quiet: nothing happens of its own accord, and the events that were announced are visible as early as
  /// they can be, which is at `allVisibleAt`.
  package mutating func stop(at now: Timestamp) {
    advance(to: now)
    quietSince = quietSince ?? clock
    offerEvents.hasten(to: allVisibleAt)
    orderEvents.hasten(to: clock)
    orderEvents.reveal(until: clock)
  }

  /// When all that has happened up to now can be seen, if it is quiet.
  package var allVisibleAt: Timestamp { clock + .seconds(behaviour.earliestOffer) }

  /// Goes on where it stopped.
  package mutating func start(at now: Timestamp) {
    guard let since = quietSince else { return }
    clock = max(clock, now)
    steps.postpone(by: clock - since)
    quietSince = nil
  }

  /// Places that many orders at once; fewer when everything is sold out. Their number.
  @discardableResult
  package mutating func placeOrders(_ count: Int, at now: Timestamp) -> Int {
    advance(to: now)
    var placed = 0
    for _ in 0..<max(0, count) where placeOrder(by: nil, at: clock) != nil { placed += 1 }
    return placed
  }

  /// The delay after which an event is seen; as short as can be while it is quiet.
  mutating func delay() -> Duration {
    let isLate = dice.chance(behaviour.late)
    let delay = dice.seconds(isLate ? behaviour.usual : 0.05, isLate ? behaviour.latest : behaviour.usual)
    return quietSince == nil ? delay : .zero
  }

  /// While it is quiet time stands still for what is scheduled.
  mutating func schedule(_ step: Step, in duration: Duration, from time: Timestamp) {
    steps.add(step, at: (quietSince ?? time) + duration)
  }
}

/// What is going to happen. Numbers are places in the market's orders or listings.
enum Step: Sendable {
  case order
  case fillIn(Int)
  case pay(Int)
  case send(Int)
  case deliver(Int)
  case comeBack(Int)
  case dispute(Int)
  case answer(dispute: Int)
  case edit(Int)
  case cancel(Int, silently: Bool, byBuyer: Bool)
  case buyAgain(Int)
  case merge(Int, Int)
  case sellerChange
  case otherChange
  case restock(Int)
}

extension Market {
  mutating func perform(_ step: Step, at time: Timestamp) {
    switch step {
    case .order:
      schedule(.order, in: dice.gap(perSecond: behaviour.ordersPerSecond), from: time)
      placeOrder(by: nil, at: time)
    case .fillIn(let order): fillIn(order, at: time)
    case .pay(let order): pay(order, at: time)
    case .send(let order): send(order, at: time)
    case .deliver(let order): deliver(order, at: time)
    case .comeBack(let order): comeBack(order, at: time)
    case .dispute(let order): dispute(order, at: time)
    case .answer(let dispute): disputes[dispute].answeredAt = time.wholeMilliseconds
    case .edit(let order): edit(order, at: time)
    case .cancel(let order, let silently, let byBuyer):
      cancel(order, silently: silently, byBuyer: byBuyer, at: time)
    case .buyAgain(let order): buyAgain(after: order, at: time)
    case .merge(let one, let other): merge(one, other, at: time)
    case .sellerChange: changeSomeStock(at: time)
    case .otherChange: changeSomethingElse(at: time)
    case .restock(let listing): restock(listing, at: time)
    }
  }
}

extension Timestamp {
  /// Cut to milliseconds, which is all that marketplaces write.
  var wholeMilliseconds: Timestamp {
    Timestamp(millisecondsSince1970: millisecondsSince1970)
  }
}
