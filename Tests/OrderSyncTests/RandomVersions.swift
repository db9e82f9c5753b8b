import Events
import TestServers
import Time

/// Versions of a few orders with many ties, gaps and contradictions.
struct RandomVersions {
  private(set) var events: [Event] = []

  init(named prefix: String, using random: inout SplitMix) {
    for order in 0..<Int.random(in: 1...3, using: &random) {
      for version in 0..<Int.random(in: 1...6, using: &random) {
        events.append(Self.event("\(prefix)-\(order)", version, using: &random))
      }
    }
  }

  private static func event(_ external: String, _ version: Int, using random: inout SplitMix) -> Event {
    func moment() -> Timestamp {
      Versions.start.adding(seconds: Int64.random(in: 0...3, using: &random))
    }
    let status = random.chance(30) ? OrderStatus.cancelled : [.new, .paid, .shipped][version % 3]
    let order = Order(
      externalId: external, number: random.chance(80) ? "#\(version)" : nil, status: status,
      financialStatus: ["PAID", "voided", nil].randomElement(using: &random) ?? nil,
      eligible: random.chance(70), updatedAt: random.chance(85) ? moment() : nil,
      cancelledAt: random.chance(10) ? moment() : nil,
      shipping: [nil, Money.zero, Money("5.00"), Money("5")].randomElement(using: &random) ?? nil,
      buyer: random.chance(50) ? Buyer(name: "B\(version % 2)") : nil,
      lines: random.chance(25) ? nil : lines(of: external, using: &random))
    return Event(
      id: "\(external)/\(version)", type: .orderUpdated, time: moment(),
      connectionId: SyncSession.connectionId, platform: "allegro",
      observedAt: random.chance(70) ? moment() : nil, subjectData: .order(order))
  }

  private static func lines(of order: String, using random: inout SplitMix) -> [OrderLine] {
    ["a", "b", "c", "d"].filter { _ in random.chance(50) }.map {
      Versions.line(
        order + $0, Int.random(in: -1...4, using: &random),
        price: ["1.50", "0.1", nil].randomElement(using: &random) ?? nil)
    }
  }

  /// Each of them for one lane at least, in batches of one or two, so that the lanes meet often.
  func shares(among lanes: Int, using random: inout SplitMix) -> [[[Event]]] {
    var shares = [[Event]](repeating: [], count: lanes)
    for (index, event) in events.shuffled(using: &random).enumerated() {
      shares[index % lanes].append(event)
      if random.chance(20) { shares[(index + 1) % lanes].append(event) }
    }
    return shares.map { share in
      stride(from: 0, to: share.count, by: 2).map { Array(share[$0..<min($0 + 2, share.count)]) }
    }
  }
}
