package import Time

/// The life of a listing.
extension Market {
  /// A change of stock by whoever it may be, announced to all.
  mutating func changeStock(of listing: Int, by change: Int, at moment: Timestamp) {
    guard change != 0 else { return }
    let wasSoldOut = listings[listing].isSoldOut
    listings[listing].stock += change
    listings[listing].sold -= change
    listings[listing].updatedAt = max(listings[listing].updatedAt, moment)
    announce(.stock(listing), at: moment)
    if listings[listing].isSoldOut { announce(.soldOut(listing), at: moment) }
    if wasSoldOut { announce(.backInStock(listing), at: moment) }
    if behaviour.restocks, listings[listing].stock <= 3, !listings[listing].awaitsRestock {
      listings[listing].awaitsRestock = true
      schedule(.restock(listing), in: dice.seconds(4, 20), from: moment)
    }
  }

  /// The stock becomes what the seller says, here or through the API.
  package mutating func setStock(of listing: Int, to quantity: Int, at now: Timestamp) {
    advance(to: now)
    adjust(listing, to: quantity, at: clock)
  }

  private mutating func adjust(_ listing: Int, to quantity: Int, at time: Timestamp) {
    let change = quantity - listings[listing].stock
    listings[listing].adjustment += change
    listings[listing].sold += change
    changeStock(of: listing, by: change, at: time.wholeMilliseconds)
  }

  /// The seller counts the shelf, finds some, misses some, or takes it off.
  mutating func changeSomeStock(at time: Timestamp) {
    scheduleSellerChange(from: time)
    let listing = dice.between(0, listings.count - 1)
    let stock = listings[listing].stock
    let isTakenOff = dice.chance(0.05)
    let counted = isTakenOff ? 0 : max(0, stock + dice.between(-5, 20))
    if !listings[listing].isGone { adjust(listing, to: counted, at: time) }
  }

  /// The seller fills the shelf up again.
  mutating func restock(_ listing: Int, at time: Timestamp) {
    listings[listing].awaitsRestock = false
    guard listings[listing].stock <= 3, !listings[listing].isGone else { return }
    adjust(listing, to: max(5, listings[listing].initialStock), at: time)
  }

  /// A price, a text, or an event of an offer that never existed.
  mutating func changeSomethingElse(at time: Timestamp) {
    scheduleOtherChange(from: time)
    let moment = time.wholeMilliseconds
    if dice.chance(behaviour.strangers / max(behaviour.otherChanges + behaviour.strangers, 1e-9)) {
      announce(.stranger(Int64(dice.between(1_000_000_000, 9_999_999_999))), at: moment)
      return
    }
    let listing = dice.between(0, listings.count - 1)
    noteChange(of: listing, at: moment)
    if dice.chance(0.5) {
      listings[listing].price = max(100, listings[listing].price + dice.between(-500, 500))
      announce(.price(listing), at: moment)
    } else {
      announce(.details(listing), at: moment)
    }
  }

  mutating func scheduleSeller(from time: Timestamp) {
    scheduleSellerChange(from: time)
    scheduleOtherChange(from: time)
  }

  private mutating func scheduleSellerChange(from time: Timestamp) {
    let rate = min(1, behaviour.sellerChanges * behaviour.ordersPerSecond)
    if rate > 0 { schedule(.sellerChange, in: dice.gap(perSecond: rate), from: time) }
  }

  private mutating func scheduleOtherChange(from time: Timestamp) {
    let rate = min(2, (behaviour.otherChanges + behaviour.strangers) * behaviour.ordersPerSecond)
    if rate > 0 { schedule(.otherChange, in: dice.gap(perSecond: rate), from: time) }
  }

  /// Puts one listing on sale, with enough for a few minutes; every tenth is scarce.
  mutating func list(_ rank: Int, at moment: Timestamp) {
    let perSecond = popularity.share(of: rank) * behaviour.ordersPerSecond * 2
    let plenty = dice.between(20, 300) + Int(min(1e6, perSecond * 240))
    let stock = rank % 10 == 7 ? dice.between(3, 12) : plenty
    var id = Int64(dice.between(7_000_000_000, 17_999_999_999))
    while listingIds[id] != nil { id += 1 }
    let digits = String(rank + 1)
    let padding = String(repeating: "0", count: max(0, 4 - digits.count))
    listingIds[id] = listings.count
    listings.append(
      Listing(
        id: id, sku: "SKU-" + padding + digits, title: "\(Self.things[rank % Self.things.count]) \(digits)",
        price: dice.between(5, 300) * 100 + (rank % 3 == 0 ? 0 : dice.between(1, 99)), stock: stock,
        initialStock: stock, createdAt: moment, updatedAt: moment, changedAt: moment))
  }

  /// The seller puts something new on sale, with none in stock; its place.
  mutating func list(sku: String, title: String, at now: Timestamp) -> Int {
    advance(to: now)
    var id = Int64(dice.between(7_000_000_000, 17_999_999_999))
    while listingIds[id] != nil { id += 1 }
    let (place, moment) = (listings.count, clock.wholeMilliseconds)
    listingIds[id] = place
    listings.append(
      Listing(
        id: id, sku: sku, title: title, price: 0, stock: 0, initialStock: 0, createdAt: moment,
        updatedAt: moment, changedAt: moment))
    return place
  }

  /// The seller changes what a listing says, which all are told.
  mutating func change(_ place: Int, at now: Timestamp, _ change: (inout Listing) -> Void) {
    advance(to: now)
    change(&listings[place])
    noteChange(of: place, at: max(clock.wholeMilliseconds, listings[place].changedAt.addingOneMillisecond))
    announce(.details(place), at: listings[place].changedAt)
  }

  private mutating func noteChange(of place: Int, at moment: Timestamp) {
    listings[place].changedAt = max(listings[place].changedAt, moment)
    listings[place].updatedAt = max(listings[place].updatedAt, moment)
  }

  /// The seller takes a listing off for good, which all are told.
  mutating func withdraw(_ place: Int, at now: Timestamp) {
    setStock(of: place, to: 0, at: now)
    change(place, at: now) { $0.isGone = true }
  }

  private static let things = [
    "Kubek \"Łódź\" 300 ml", "Żarówka LED E27 & gwint", "Klocki / zestaw", "Koszulka <M> 👕", "Słuchawki",
  ]

  private mutating func announce(_ news: OfferNews, at moment: Timestamp) {
    let visibleAt = max(moment, clock) + .seconds(behaviour.earliestOffer) + delay()
    offerEvents.announce(news, occurredAt: moment, visibleAt: visibleAt)
    if dice.chance(behaviour.repeated) {
      offerEvents.announce(news, occurredAt: moment, visibleAt: visibleAt + delay())
    }
  }
}
