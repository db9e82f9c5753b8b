/// Whose turn it is among the active moderators: the one who has waited longest.
package struct Rota: Sendable {
  package struct Moderator: Sendable {
    package let user: String
    package fileprivate(set) var lastTurn: Int

    package init(user: String, lastTurn: Int) {
      self.user = user
      self.lastTurn = lastTurn
    }
  }

  /// How many disputes have ever been given out.
  package private(set) var turn: Int
  package private(set) var moderators: [Moderator]

  package init(turn: Int, moderators: [Moderator]) {
    self.turn = turn
    self.moderators = moderators
  }

  /// Who takes the next dispute; nil when nobody is active.
  package mutating func next() -> String? {
    let waiting = moderators.indices.min {
      (moderators[$0].lastTurn, moderators[$0].user) < (moderators[$1].lastTurn, moderators[$1].user)
    }
    guard let waiting else { return nil }
    turn += 1
    moderators[waiting].lastTurn = turn
    return moderators[waiting].user
  }
}
