import StockLedger
import Testing
import Time

/// Moments as small numbers of seconds.
private func at(_ seconds: Int64) -> Timestamp { Timestamp(secondsSince1970: seconds) }

private func version(
  _ updated: Int64, cancelled: Int64? = nil, placed: Int64? = nil, observed: Int64? = nil,
  eligible: Bool = true,
  _ lines: [OrderVersion.Line]?
) -> OrderVersion {
  OrderVersion(
    key: .init(
      updatedAt: at(updated), isCancelled: cancelled != nil, observedAt: at(observed ?? updated),
      digest: UInt64(lines?.reduce(7) { $0 * 31 + $1.quantity } ?? 0)),
    at: at(cancelled ?? updated), placedAt: placed.map(at), isEligible: eligible, lines: lines)
}

private func line(_ quantity: Int, _ id: String = "a") -> OrderVersion.Line {
  .init(id: id, listing: 1, quantity: quantity)
}

/// The stock that a snapshot and an order leave: `last snapshot + Σ steps after its moment`.
private func stock(_ versions: OrderVersions, snapshot: Int, at moment: Int64) -> Int {
  let steps = OrderSteps.of(versions).map { (at: $0.key.at, size: $0.value) }
  return ListingFacts(
    bases: [Base(at: at(moment), kind: .snapshot, quantity: snapshot, id: "s")], steps: steps
  ).share
}

struct OrderStepsTests {
  @Test func `rule 1: a version that came late is not thrown away`() {
    let versions = [version(10, [line(2)]), version(20, [line(5)])]
    #expect(stock(OrderVersions(versions), snapshot: 8, at: 15) == 5)
    #expect(stock(OrderVersions(versions.reversed()), snapshot: 8, at: 15) == 5)
  }

  @Test func `rule 2: a cancellation across a snapshot gives back what the snapshot had lost`() {
    let cancelled = version(20, cancelled: 20, placed: 10, [line(2)])
    #expect(stock(OrderVersions([cancelled]), snapshot: 8, at: 15) == 10)
    #expect(stock(OrderVersions([version(10, placed: 10, [line(2)]), cancelled]), snapshot: 8, at: 15) == 10)
  }

  @Test func `rule 3: a sale counts from its birth, not from when it was last changed`() {
    #expect(stock(OrderVersions([version(20, placed: 10, [line(2)])]), snapshot: 8, at: 15) == 8)
  }

  @Test func `rule 4: a cancellation that leaves updatedAt alone is a version of its own`() {
    let versions = OrderVersions([version(10, [line(2)]), version(10, cancelled: 12, [line(2)])])
    #expect(versions.all.count == 2)
    #expect(versions.latest?.isCancelled == true)
    #expect(OrderSteps.of(versions).values.reduce(0, +) == 0)
  }

  @Test func `rule 5: a line that two orders claim is sold once, by the last to claim it alive`() {
    let first = OrderVersions([version(10, [line(2)])])
    let merged = OrderVersions([version(20, placed: 10, [line(2), line(1, "b")])])
    let steps = OrderSteps.of(group: ["first": first, "merged": merged])
    #expect(steps["first"] == [:])
    #expect(steps["merged"]?.values.reduce(0, +) == -3)
  }

  @Test func `rule 11: what was restocked is not sold any more, a refund alone changes nothing`() {
    let refunded = OrderVersions([version(10, [line(3)]), version(20, [line(3)]), version(30, [line(1)])])
    #expect(OrderSteps.of(refunded).values.reduce(0, +) == -1)
  }

  @Test func `input 16: an order first seen cancelled sells nothing in the end`() {
    #expect(
      OrderSteps.of(OrderVersions([version(20, cancelled: 25, placed: 10, [line(2)])])).values.reduce(0, +)
        == 0)
  }

  @Test func `input 21: a restock and then a cancellation restock once`() {
    let versions = OrderVersions([
      version(10, [line(2)]), version(20, [line(1)]), version(30, cancelled: 30, [line(1)]),
    ])
    #expect(OrderSteps.of(versions).values.reduce(0, +) == 0)
  }

  @Test func `a version without a line list inherits the one before it`() {
    let versions = OrderVersions([version(10, [line(2)]), version(20, nil), version(30, cancelled: 30, nil)])
    #expect(
      OrderSteps.of(versions) == [
        Step(line: "a", listing: 1, at: at(10)): -2, Step(line: "a", listing: 1, at: at(30)): 2,
      ])
  }

  @Test func `an order counts as soon as one of its versions is eligible`() {
    #expect(OrderSteps.of(OrderVersions([version(10, eligible: false, [line(2)])])).isEmpty)
    let paid = OrderVersions([version(10, eligible: false, [line(2)]), version(20, [line(2)])])
    #expect(OrderSteps.of(paid).values.reduce(0, +) == -2)
  }

  @Test func `what is stored is what is read back`() throws {
    let versions = OrderVersions([
      version(10, [line(2, "emoji 🧦 \"quoted\"")]), version(20, nil),
      version(30, cancelled: 31, placed: 5, []),
    ])
    #expect(OrderVersions(stored: String(decoding: versions.stored, as: UTF8.self)) == versions)
    #expect(OrderVersions(stored: "[[1]]") == nil)
  }
}
