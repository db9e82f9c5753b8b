import Events
import Foundation
import Outbox
import Postgres
import Time

/// The changes of one batch on their way into stock rows, history and outbox.
///
/// Most batches take the short way: every step is later than the last base of its stock row, so each counts in full
/// and one UPDATE books them all. Only listings with a step behind or close to a base, or with a new base, are looked
/// at as a whole (`ListingFacts`) and put right by a second UPDATE.
struct Booking {
  /// A base of one listing that came in this batch.
  struct NewBase {
    var base: Base
    var place: Place
    var connection: UUID
    var cause: StockChange.Cause
    var admin: String?
  }

  private let lowThreshold: Int
  private var changes: [StockChange] = []
  /// Runs of `changes` that belong to an order first seen when it was over already.
  private var settledAtZero: [Range<Int>] = []
  private var bases: [NewBase] = []
  /// Stocks of which a listing may show another quantity, though nothing of them may have changed.
  private var outOfStep: Set<StockUnit> = []

  init(lowThreshold: Int) { self.lowThreshold = lowThreshold }

  mutating func add(_ more: some Collection<StockChange>, settlesAtZero: Bool) {
    if settlesAtZero { settledAtZero.append(changes.count..<(changes.count + more.count)) }
    changes += more
  }

  mutating func add(
    _ base: Base, at place: Place, connection: UUID, cause: StockChange.Cause, admin: String? = nil
  ) {
    bases.append(NewBase(base: base, place: place, connection: connection, cause: cause, admin: admin))
  }

  /// Has the listings of the stock looked at and put right by whoever writes to marketplaces.
  mutating func tell(of place: Place) { outOfStep.insert(place.unit) }

  @discardableResult
  mutating func book(on connection: Connection) throws -> [StockChange] {
    guard !changes.isEmpty || !bases.isEmpty else { return [] }
    var rows = StockRows(changes: &changes, bases: bases)
    try rows.book(on: connection)
    try OwnDelta.locate(&changes, on: connection)
    var facts = try FactsOfListings.send(for: bases, rows: rows, on: connection)
    let late = changes.filter { $0.step != 0 && $0.at <= rows.settledAt($0) }
    try facts.receive(besides: late, rows: rows, on: connection)
    for index in changes.indices where changes[index].step != 0 {
      if let booked = facts.book(changes[index]) { changes[index].booked = booked }
    }
    settleAtZero()
    for base in bases.sorted(by: { $0.base < $1.base }) {
      guard var change = facts.book(base), let row = rows.index(of: change.place) else { continue }
      change.row = row
      changes.append(change)
    }
    try rows.correct(with: changes, bases: bases, openings: facts.openings, on: connection)
    rows.markOutOfStep(outOfStep)
    try StockHistory.append(rows.walked(changes), on: connection)
    try Rereads.ask(for: changes, bases: bases, facts: facts, on: connection)
    try Outbox.append(StockEvents.of(rows, lowThreshold: lowThreshold, at: .now()), on: connection)
    return changes
  }

  /// An order that was cancelled before it was first seen never shows in the stock, unless a base lies between its
  /// birth and its end.
  private mutating func settleAtZero() {
    for range in settledAtZero {
      var sums: [Int: Int] = [:]
      for index in range { sums[changes[index].row, default: 0] += changes[index].booked }
      for index in range where sums[changes[index].row] == 0 { changes[index].booked = 0 }
    }
  }
}
