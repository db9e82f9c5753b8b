/// How far a shop has told of its market's disputes by webhooks.
struct DisputeCursor: Sendable {
  private var opened = 0
  private var answered = 0

  /// What has happened since the last time: places among the disputes, those that were opened before those that were
  /// answered.
  mutating func news(of disputes: [Dispute]) -> [(place: Int, isAnswer: Bool)] {
    let (openedBefore, answeredBefore) = (opened, answered)
    opened = disputes.count
    while answered < opened, disputes[answered].answeredAt != nil { answered += 1 }
    return (openedBefore..<opened).map { ($0, false) } + (answeredBefore..<answered).map { ($0, true) }
  }
}
