import JSON
import Simulator
import Testing
import Time

@Suite struct MarketTests {
  static let start = Timestamp(secondsSince1970: 1_763_700_000)

  @Test(arguments: 1...40) func `stock is what orders and adjustments make it, whatever happens`(seed: UInt64)
  {
    var market = Market(
      seed: seed, listings: 20, behaviour: .busy(ordersPerSecond: 20), start: Self.start)
    var dice = SystemRandomNumberGenerator()
    var now = Self.start
    for step in 1...10_000 {
      now = now + .milliseconds(Int.random(in: 0...40, using: &dice))
      switch Int.random(in: 0..<100, using: &dice) {
      case 0: market.placeOrders(Int.random(in: 1...5, using: &dice), at: now)
      case 1...3:
        let listing = Int.random(in: 0..<20, using: &dice)
        market.setStock(of: listing, to: Int.random(in: 0...60, using: &dice), at: now)
      case 4: market.stop(at: now)
      case 5...8: market.start(at: now)
      default: market.advance(to: now)
      }
      if step % 250 == 0 { #expect(market.inconsistency == nil, "seed \(seed), step \(step)") }
    }
    let summary = market.summary
    #expect(summary.orders == summary.aliveOrders + summary.cancelledOrders)
    #expect(summary.cancelledOrders > 0 && summary.mergedOrders > 0 && summary.versions > summary.orders)
  }

  @Test func `where a market stands does not depend on how often it was looked at`() {
    var patient = Market(seed: 7, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    var curious = patient
    patient.advance(to: Self.start + .seconds(30))
    for millisecond in 1...30_000 { curious.advance(to: Self.start + .milliseconds(millisecond)) }
    #expect(patient.truth == curious.truth)
    #expect(patient.summary == curious.summary)
  }

  @Test func `another seed is another market`() {
    var one = Market(seed: 1, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    var other = Market(seed: 2, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    one.advance(to: Self.start + .seconds(5))
    other.advance(to: Self.start + .seconds(5))
    #expect(one.truth != other.truth)
  }

  @Test func `about as many orders a second as were asked for, and about 8 in 100 of them cancelled`() {
    var market = Market(seed: 3, behaviour: .init(ordersPerSecond: 100), start: Self.start)
    market.advance(to: Self.start + .seconds(100))
    let summary = market.summary
    #expect((9_000...11_000).contains(summary.orders))
    #expect((0.05...0.1).contains(Double(summary.cancelledOrders) / Double(summary.orders)))
  }

  @Test func `versions are later and later, but a silent cancellation keeps the time of update`() {
    var market = Market(seed: 4, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    market.advance(to: Self.start + .seconds(60))
    var silent = 0
    for order in market.orders {
      for (earlier, later) in zip(order.versions, order.versions.dropFirst()) {
        #expect(earlier.occurredAt < later.occurredAt)
        if earlier.updatedAt == later.updatedAt {
          silent += 1
          #expect(later.cancelledAt != nil)
        } else {
          #expect(earlier.updatedAt < later.updatedAt)
        }
      }
    }
    #expect(silent > 0)
  }

  @Test func `a merged order keeps the lines of both under their ids`() throws {
    var market = Market(seed: 5, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    market.advance(to: Self.start + .seconds(60))
    let gone = market.orders.filter { $0.mergedInto != nil }
    #expect(!gone.isEmpty)
    for order in gone {
      let successor = try #require(order.mergedInto)
      let taken = Set(market.orders[successor].versions[0].lines.map(\.id))
      #expect(taken.isSuperset(of: order.latest.lines.map(\.id)))
      #expect(!order.isAlive)
    }
  }

  @Test func `a quiet market keeps still until it is asked for orders, and goes on afterwards`() {
    var market = Market(seed: 6, behaviour: .busy(ordersPerSecond: 50), start: Self.start)
    market.advance(to: Self.start + .seconds(10))
    market.stop(at: Self.start + .seconds(10))
    let quiet = market.truth
    market.advance(to: market.allVisibleAt)
    #expect(market.summary.announcedEvents == 0)
    market.advance(to: Self.start + .seconds(500))
    #expect(market.truth == quiet)
    #expect(market.placeOrders(3, at: Self.start + .seconds(500)) == 3)
    market.advance(to: Self.start + .seconds(501))
    #expect(market.summary.announcedEvents > 0)
    market.advance(to: Self.start + .seconds(502))
    #expect(market.summary.announcedEvents == 0)
    let orders = market.orders.count
    market.start(at: Self.start + .seconds(502))
    market.advance(to: Self.start + .seconds(504))
    #expect((orders + 60...orders + 140).contains(market.orders.count))
  }

  @Test func `stock never falls below nothing, and a scarce listing is filled up again`() {
    var market = Market(seed: 8, listings: 3, behaviour: .init(ordersPerSecond: 200), start: Self.start)
    var wasEmpty = false
    for second in 1...300 {
      market.advance(to: Self.start + .seconds(second))
      #expect(market.listings.allSatisfy { $0.stock >= 0 })
      wasEmpty = wasEmpty || market.listings.contains { $0.stock == 0 }
    }
    #expect(wasEmpty && market.inconsistency == nil)
  }
}

extension Behaviour {
  /// Everything that may happen happens often.
  static func busy(ordersPerSecond: Double) -> Behaviour {
    var behaviour = Behaviour(ordersPerSecond: ordersPerSecond)
    (behaviour.edited, behaviour.cancelled, behaviour.merged) = (0.2, 0.2, 0.1)
    (behaviour.returned, behaviour.repeated, behaviour.strangers) = (0.2, 0.1, 0.02)
    return behaviour
  }
}

extension Market {
  /// All that is true of it, as bytes.
  var truth: [UInt8] {
    var json = JSONWriter()
    let shop = AllegroShop(account: .live, market: self, seed: 1)
    writeStock(of: shop, into: &json)
    writeOrders(of: shop, into: &json)
    return json.bytes
  }
}
