import Events
import Foundation
import Testing

@Suite struct UUIDTextTests {
  @Test func `a UUID is read in either case and written in lower case, as Foundation has it`() {
    for _ in 0..<200 {
      let id = UUID()
      #expect(UUID(text: id.uuidString) == id)
      #expect(UUID(text: id.uuidString.lowercased()) == id)
      #expect(id.text == id.uuidString.lowercased())
    }
  }

  @Test(arguments: [
    "", "11111111-2222-4333-8444-55555555555", "11111111-2222-4333-8444-5555555555555",
    "1111111-12222-4333-8444-555555555555", "11111111-2222-4333-8444-55555555555g",
    "11111111x2222-4333-8444-555555555555", "{1111111-2222-4333-8444-55555555555}",
  ])
  func `what is no UUID is none`(text: String) {
    #expect(UUID(text: text) == nil)
  }
}
