import Events
import Foundation
import Outbox
import Postgres
import Time

/// The changes of one batch on their way into stock rows, history and outbox.
///
/// Most batches take the short way: every step is later than the last base of its stock row, so each counts in full
/// and one UPDATE books them all. Only listings with a step behind a base, or with a new base, are looked at as a
/// whole (`ListingFacts`) and put right by a second UPDATE.
struct Booking {
  /// A snapshot of one listing that came in this batch.
  struct Snapshot {
    var base: Base
    var place: Place
    var connection: String
    var cause: StockChange.Cause
  }

  private let lowThreshold: Int
  private var changes: [StockChange] = []
  /// Runs of `changes` that belong to an order first seen when it was over already.
  private var settledAtZero: [Range<Int>] = []
  private var snapshots: [Snapshot] = []

  init(lowThreshold: Int) { self.lowThreshold = lowThreshold }

  mutating func add(_ more: [StockChange], settlesAtZero: Bool) {
    if settlesAtZero { settledAtZero.append(changes.count..<(changes.count + more.count)) }
    changes += more
  }

  mutating func add(_ base: Base, at place: Place, connection: String, cause: StockChange.Cause) {
    snapshots.append(Snapshot(base: base, place: place, connection: connection, cause: cause))
  }

  mutating func book(on connection: Connection) throws {
    guard !changes.isEmpty || !snapshots.isEmpty else { return }
    var rows = StockRows(changes: changes, snapshots: snapshots)
    try rows.book(on: connection)
    var facts = try FactsOfListings.send(for: snapshots, on: connection)
    let late = changes.indices.filter { index in
      changes[index].step != 0 && changes[index].at <= (rows[changes[index].place.stock]?.baseAt ?? .epoch)
    }
    try facts.receive(besides: late.map { changes[$0] }, on: connection)
    for index in late where facts[changes[index].place.listing]?.counts(stepAt: changes[index].at) == false {
      changes[index].booked = 0
    }
    settleAtZero()
    for change in changes where change.step != 0 { facts.add(change) }
    for snapshot in snapshots.sorted(by: { $0.base < $1.base }) {
      if let change = facts.book(snapshot) { changes.append(change) }
    }
    try rows.correct(with: changes, snapshots: snapshots, on: connection)
    rows.walk(&changes)
    try StockHistory.append(changes, on: connection)
    try Rereads.ask(for: changes, snapshots: snapshots, rows: rows, facts: facts, on: connection)
    try Outbox.append(
      StockEvents.of(rows, changes: changes, lowThreshold: lowThreshold, at: .now()), on: connection)
  }

  /// An order that was cancelled before it was first seen never shows in the stock, unless a base lies between its
  /// birth and its end.
  private mutating func settleAtZero() {
    for range in settledAtZero {
      var sums: [Int: Int] = [:]
      for index in range { sums[changes[index].place.stock, default: 0] += changes[index].booked }
      for index in range where sums[changes[index].place.stock] == 0 { changes[index].booked = 0 }
    }
  }
}
