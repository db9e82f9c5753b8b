import Events
import JSON
import TestServers
import Testing

@Suite struct MutationTests {
  @Test func `no prefix of an event is an event`() {
    let bytes = Array(Bodies.orderText.utf8)
    for length in 0..<bytes.count {
      #expect(refusal(Array(bytes[..<length])) != nil)
    }
  }

  @Test func `a damaged event never traps, and what is taken is the same after it was written`() {
    let seed = SplitMix.seedOfThisRun
    var taken = 0
    let originals = [Array(Bodies.orderText.utf8)] + Self.others
    let found = Fuzz.search(originals, seed: seed, for: .seconds(1)) { bytes in
      guard let event = try? Event.decode(bytes) else { return refusal(bytes)?.isEmpty != false }
      taken += 1
      if let order = event.order {
        _ = (order.contentDigest, order.contentHash, order.lines?.map(\.fullPrice))
      }
      return (try? Event.decode(event.encode())) != event
    }
    #expect(found.failure.map { String(decoding: $0, as: UTF8.self) } == nil, "seed \(seed)")
    #expect(found.tried > 1_000 && taken > 10)
  }

  @Test func `a failing input is shrunk to what makes it fail`() {
    let bytes = Array("a long text with one bad { somewhere and more behind it".utf8)
    #expect(Fuzz.shrunk(bytes) { $0.contains(0x7B) } == [0x7B])
    let found = Fuzz.search([Array(Bodies.orderText.utf8)], seed: 7, for: .seconds(30)) { $0.contains(0xFF) }
    #expect(found.failure == [0xFF])
  }

  private static let others = [
    Bodies.event(
      .inventoryUpdated, ["inventory": ["listingId": "1", "quantity": 3, "asOf": "2026-01-01T00:00:00Z"]]),
    Bodies.event(
      .productCreated, ["product": ["externalId": "1", "variants": [["externalId": "2", "price": "1.5"]]]]),
    Bodies.event(.offerUpdated, ["offer": ["externalId": "1", "price": "1.50", "currency": "EUR"]]),
    Bodies.event(.stockTopup, ["topup": ["sku": "1", "quantity": 4]]),
    Bodies.event(.stockChanged, ["stock": ["sku": "1", "onHand": 4]]),
    Bodies.event(
      .disputeInitiated, ["dispute": ["externalId": "1", "orderId": "2"], "order": ["externalId": "2"]]),
  ].map(\.bytes)
}
