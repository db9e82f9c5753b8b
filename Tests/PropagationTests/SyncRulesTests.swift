import Events
import JSON
import Marketplaces
import Testing

@Suite struct SyncRulesTests {
  private func takes(_ conditions: JSON, sku: String = "SHOE-42", price: String? = "50", from: Int? = 1)
    -> Bool
  {
    let rules = SyncRules(["propagateInventory": true, "conditions": conditions])
    return rules.takesInventory(
      of: .init(sku: sku, price: price.flatMap { Money(JSON.string($0)) }), from: from)
  }

  @Test func `stock is shared only where the rules say so`() {
    let subject = SyncRules.Subject(sku: "A", price: nil)
    #expect(!SyncRules([:]).takesInventory(of: subject, from: 1))
    #expect(!SyncRules(.null).takesInventory(of: subject, from: 1))
    #expect(SyncRules(["propagateInventory": true]).takesInventory(of: subject, from: nil))
    for held in ["realtimeSyncEnabled", "propagateChanges"] {
      var rules: JSON = ["propagateInventory": true]
      rules[held] = false
      #expect(!SyncRules(rules).takesInventory(of: subject, from: 1))
    }
  }

  @Test(arguments: [
    ("SHOE-*", true), ("*-42", true), ("*OE*4*", true), ("SHOE-42", true), ("SHOE-4", false),
    ("shoe-*", false),
    ("*", true), ("", false), ("*-43", false),
  ])
  func `a star in a pattern stands for any run of characters`(pattern: String, isTaken: Bool) {
    #expect(takes(["skuPattern": .string(pattern)]) == isTaken)
  }

  @Test func `a price must lie within the range, and must be known`() {
    #expect(takes(["minPrice": "50", "maxPrice": "50.00"]))
    #expect(!takes(["minPrice": "50.01"]))
    #expect(!takes(["maxPrice": "49.99"]))
    #expect(!takes(["minPrice": "1"], price: nil))
  }

  @Test func `changes may be taken from some marketplaces only`() {
    #expect(takes(["marketplaces": [1, 2]], from: 2))
    #expect(!takes(["marketplaces": [1, 2]], from: 3))
    #expect(!takes(["marketplaces": [1]], from: nil))
  }
}
