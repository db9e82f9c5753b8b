package import JSON

/// What buyers were written, as the marketplaces have it.
package struct Letters: Sendable {
  /// A text that was written to somebody of an account.
  package struct Letter: Hashable, Comparable, Sendable {
    var account: String
    var text: String

    package init(account: String, text: String) {
      self.account = account
      self.text = text
    }

    package static func < (left: Letter, right: Letter) -> Bool {
      (left.account, left.text) < (right.account, right.text)
    }
  }

  /// How often each letter has arrived.
  private var arrived: [Letter: Int] = [:]

  /// From `GET /truth/messages`.
  package init(_ messages: JSON, accounts: Set<String>) {
    for message in messages.array {
      guard let account = message["account"].text, accounts.contains(account) else { continue }
      arrived[Letter(account: account, text: message["text"].text ?? ""), default: 0] += 1
    }
  }

  /// A message of ours, with what the tables say of its delivery.
  package struct Message: Sendable {
    var letter: Letter
    var status: String
    var order: String

    package init(letter: Letter, status: String, order: String) {
      self.letter = letter
      self.status = status
      self.order = order
    }
  }

  /// Every difference, one line each: what the tables say was delivered is there exactly once, nothing is there that they
  /// don't know of, and nothing is under way any more. `merged`: orders that their marketplace has merged into others,
  /// about which nobody can be written to.
  package func differences(from held: [Message], merged: Set<Truth.Place>) -> [String] {
    var differences: [String] = []
    for message in held {
      let place = Truth.Place(account: message.letter.account, name: message.order)
      let count = arrived[message.letter] ?? 0
      switch message.status {
      case "delivered" where count != 1:
        differences.append("message about \(place): delivered here, there \(count) times")
      case "pending": differences.append("message about \(place): not delivered yet")
      case "failed" where !merged.contains(place):
        differences.append("message about \(place): it could not be delivered")
      default: break
      }
    }
    let known = Set(held.map(\.letter))
    for letter in arrived.keys.sorted() where !known.contains(letter) {
      differences.append(
        "message of \(letter.account): there, but nobody here knows of it: '\(letter.text.prefix(60))'")
    }
    return differences
  }
}
