import RabbitMQ
import Testing

struct ConfirmsTests {
  private func confirms(_ tags: ClosedRange<UInt64>) -> Confirms {
    var confirms = Confirms()
    for tag in tags { confirms.expect(tag, messageID: "m\(tag)") }
    return confirms
  }

  @Test func `confirms out of order settle each its own message`() {
    var confirms = confirms(1...3)
    #expect(confirms.settle(Confirm(tag: 2)).map(\.messageID) == ["m2"])
    #expect(confirms.settle(Confirm(tag: 3)).map(\.messageID) == ["m3"])
    #expect(confirms.tags == [1])
    #expect(confirms.settle(Confirm(tag: 1)).map(\.outcome) == [.confirmed])
    #expect(confirms.isEmpty)
  }

  @Test func `a multiple confirm settles all up to it that are still outstanding`() {
    var confirms = confirms(1...6)
    _ = confirms.settle(Confirm(tag: 3))
    #expect(confirms.settle(Confirm(tag: 4, multiple: true)).map(\.tag) == [1, 2, 4])
    #expect(confirms.tags == [5, 6])
    #expect(confirms.settle(Confirm(tag: 99, multiple: true)).map(\.tag) == [5, 6])
  }

  @Test func `a tag that is not outstanding settles nothing`() {
    var confirms = confirms(5...6)
    for tag: UInt64 in [0, 4, 7, .max] {
      #expect(confirms.settle(Confirm(tag: tag)).isEmpty)
    }
    #expect(confirms.settle(Confirm(tag: 4, multiple: true)).isEmpty)
    _ = confirms.settle(Confirm(tag: 5))
    #expect(confirms.settle(Confirm(tag: 5)).isEmpty)
    #expect(confirms.count == 1)
    #expect(confirms.settle(Confirm(tag: .max, multiple: true)).map(\.tag) == [6])
  }

  @Test func `a returned message is known by its id when its confirm comes`() {
    var confirms = confirms(1...3)
    confirms.note(
      Returned(messageID: "m2", exchange: "e", routingKey: "k", code: 312, text: "NO_ROUTE"))
    confirms.note(Returned(messageID: "other", exchange: "e", routingKey: "k", code: 312, text: "NO_ROUTE"))
    let settled = confirms.settle(Confirm(tag: 3, multiple: true))
    #expect(settled.map(\.outcome) == [.confirmed, .unroutable(code: 312, text: "NO_ROUTE"), .confirmed])
  }

  @Test func `the same id twice is returned twice`() {
    var confirms = Confirms()
    confirms.expect(1, messageID: "twin")
    confirms.expect(2, messageID: "twin")
    let returned = Returned(messageID: "twin", exchange: "e", routingKey: "k", code: 312, text: "")
    confirms.note(returned)
    confirms.note(returned)
    let settled = confirms.settle(Confirm(tag: 2, multiple: true))
    #expect(settled.allSatisfy { $0.outcome == .unroutable(code: 312, text: "") })
  }

  @Test func `what the broker refuses is not confirmed`() {
    var confirms = confirms(1...2)
    #expect(confirms.settle(Confirm(tag: 1, negative: true)).map(\.outcome) == [.refused])
    #expect(confirms.count == 1)
  }

  @Test func `tags go on after everything was settled, and begin anew with a channel`() {
    var confirms = confirms(1...2)
    _ = confirms.settle(Confirm(tag: 2, multiple: true))
    confirms.expect(3)
    confirms.expect(3)
    #expect(confirms.tags == [3])
    _ = confirms.settle(Confirm(tag: 3))
    confirms.expect(1, messageID: "new")
    #expect(confirms.settle(Confirm(tag: 1)).map(\.messageID) == ["new"])
  }

  @Test func `any interleaving settles every message once`() {
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<50 {
      var (confirms, next, settled, outstanding) = (Confirms(), UInt64(1), [UInt64](), Set<UInt64>())
      for _ in 0..<4000 {
        if outstanding.isEmpty || Bool.random(using: &generator) {
          confirms.expect(next)
          outstanding.insert(next)
          next += 1
        } else if let tag = outstanding.randomElement(using: &generator) {
          let multiple = Int.random(in: 0..<200, using: &generator) == 0
          let expected = multiple ? outstanding.filter { $0 <= tag }.sorted() : [tag]
          let tags = confirms.settle(Confirm(tag: tag, multiple: multiple)).map(\.tag)
          #expect(tags == expected)
          settled += tags
          outstanding.subtract(tags)
        }
      }
      #expect(confirms.tags == outstanding.sorted())
      #expect(Set(settled).count == settled.count)
    }
  }
}
