import Commands
import JSON
import Testing

struct LettersTests {
  private func message(_ text: String, _ status: String, order: String = "o-1") -> Letters.Message {
    Letters.Message(letter: .init(account: "shop", text: text), status: status, order: order)
  }

  @Test func `what was delivered is there exactly once, and nothing else is`() {
    func letter(_ text: String, of account: String = "shop") -> JSON {
      ["account": .string(account), "text": .string(text)]
    }
    let letters = Letters(
      [
        letter("once"), letter("twice"), letter("twice"), letter("stranger"),
        letter("elsewhere", of: "other"),
        letter("arrived"),
      ],
      accounts: ["shop"])
    let held = [
      message("once", "delivered"), message("twice", "delivered", order: "o-2"),
      message("never", "delivered", order: "o-3"), message("waits", "pending", order: "o-4"),
      message("arrived", "failed", order: "o-5"), message("gone", "failed", order: "o-6"),
    ]
    #expect(
      letters.differences(from: held, merged: [.init(account: "shop", name: "o-6")]) == [
        "message about shop o-2: delivered here, there 2 times",
        "message about shop o-3: delivered here, there 0 times",
        "message about shop o-4: not delivered yet",
        "message about shop o-5: it could not be delivered",
        "message of shop: there, but nobody here knows of it: 'stranger'",
      ])
  }
}
