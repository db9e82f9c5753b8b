import Events
import JSON
import Testing

@Suite struct RefusalTests {
  @Test func `what is not JSON is refused with its place`() {
    #expect(refusal(Array("<html>".utf8)) == "not JSON at byte 0: expected a value")
    #expect(refusal([]) == "not JSON: it ends at byte 0 in the middle of a value")
    #expect(refusal(Array((Bodies.orderText + "x").utf8))?.hasSuffix("something follows the value") == true)
  }

  @Test func `what is not an object is refused`() {
    #expect(refusal(.array([])) == "the event is not an object")
    #expect(refusal("x") == #"the event "x" is not an object"#)
    #expect(refusal(.null) == "the event null is not an object")
  }

  @Test(
    arguments: [
      ("specversion", nil, #"specversion is not "1.0""#),
      ("specversion", "0.3", #"specversion is not "1.0""#),
      ("specversion", 1, "specversion 1 is not a string"),
      ("id", nil, "id is missing or empty"),
      ("id", "", "id is missing or empty"),
      ("id", .string(String(repeating: "x", count: 513)), "id is longer than 512 bytes"),
      ("type", nil, "type is missing"),
      ("type", "order.eaten", "unknown type 'order.eaten'"),
      ("time", "yesterday", #"time "yesterday" is not a time as in 2026-01-01T12:00:00Z"#),
      ("time", 12, "time 12 is not a string"),
      ("data", nil, "data is missing"),
      ("data", "x", #"data "x" is not an object"#),
    ] as [(String, JSON, String)])
  func `a wrong envelope is refused in a sentence`(key: String, value: JSON, sentence: String) throws {
    var body = try Bodies.order
    body[key] = value
    #expect(refusal(body) == sentence)
  }

  @Test(
    arguments: [
      ("connectionId", nil, "data.connectionId is missing"),
      ("connectionId", "6f1c", "data.connectionId '6f1c' is not a UUID"),
      (
        "connectionId", "6f1c2b3a-0000-4000-8000_000000000001",
        "data.connectionId '6f1c2b3a-0000-4000-8000_000000000001' is not a UUID"
      ),
      ("platform", "a.b", "data.platform 'a.b' is not one word"),
      ("marketplaceId", 1.5, "marketplaceId 1.5 is not a whole number"),
      ("backfill", "yes", #"backfill "yes" is not true or false"#),
      ("observedAt", "now", #"observedAt "now" is not a time as in 2026-01-01T12:00:00Z"#),
      ("order", nil, "data.order is missing"),
      ("order", [], "data.order is not an object"),
    ] as [(String, JSON, String)])
  func `wrong data is refused in a sentence`(key: String, value: JSON, sentence: String) throws {
    var body = try Bodies.order
    body["data"][key] = value
    #expect(refusal(body) == sentence)
  }

  @Test(
    arguments: [
      ("externalId", nil, "order.externalId is missing or empty"),
      ("externalId", "", "order.externalId is missing or empty"),
      (
        "externalId", .string(String(repeating: "9", count: 513)), "order.externalId is longer than 512 bytes"
      ),
      ("status", "eaten", "unknown order status 'eaten'"),
      ("total", "12,50", #"order.total "12,50" is not a decimal"#),
      ("total", .number("1e2"), "order.total 1e2 is not a decimal"),
      ("total", ["amount": "1"], "order.total is not a string or a number"),
      (
        "updatedAt", "2026-02-30T00:00:00Z",
        #"order.updatedAt "2026-02-30T00:00:00Z" is not a time as in 2026-01-01T12:00:00Z"#
      ),
      ("lines", "x", #"order.lines "x" is not an array"#),
      ("lines", [["externalId": "1"], nil], "line 2: null is not an object"),
      ("lines", [["sku": "1"]], "line 1: externalId is missing or empty"),
    ] as [(String, JSON, String)])
  func `a wrong order is refused in a sentence`(key: String, value: JSON, sentence: String) throws {
    #expect(refusal(try Bodies.order { $0[key] = value }) == sentence)
  }

  @Test(
    arguments: [
      (1.5, "line 2: quantity 1.5 is not a whole number"),
      ("two", #"line 2: quantity "two" is not a whole number"#),
      (true, "line 2: quantity true is not a whole number"),
      (.number("1e30"), "line 2: quantity 1e30 is not a whole number"),
      (1_000_000_001, "line 2: quantity 1000000001 is beyond ±1000000000"),
      (-1_000_000_001, "line 2: quantity -1000000001 is beyond ±1000000000"),
    ] as [(JSON, String)])
  func `a wrong quantity is refused with its line (19)`(quantity: JSON, sentence: String) throws {
    let body = try Bodies.lines(["externalId": "1"], ["externalId": "2", "quantity": quantity])
    #expect(refusal(body) == sentence)
  }

  @Test func `subjects that name nothing are refused`() {
    #expect(
      refusal(Bodies.event(.inventoryUpdated, ["inventory": ["quantity": 1]]))
        == "inventory has neither a listingId nor a sku")
    #expect(
      refusal(Bodies.event(.stockTopup, ["topup": ["quantity": 1]]))
        == "topup has neither a variationId nor a sku")
    #expect(refusal(Bodies.event(.stockTopup, ["topup": ["sku": "S"]])) == "topup.quantity is missing")
    #expect(refusal(Bodies.event(.stockChanged, ["stock": ["sku": "S"]])) == "stock.onHand is missing")
    #expect(
      refusal(Bodies.event(.disputeInitiated, ["order": ["externalId": 1]])) == "data.dispute is missing")
    #expect(
      refusal(Bodies.event(.disputeInitiated, ["dispute": ["externalId": 1]]))
        == "dispute.orderId is missing or empty")
  }

  @Test(arguments: EventType.allCases)
  func `an event without its subject is refused, whatever its type`(type: EventType) {
    #expect(refusal(Bodies.event(type, [:])) == "data.\(type.subjectKind.rawValue) is missing")
  }

  @Test func `deep nesting and large bodies are refused`() throws {
    let deep = String(repeating: "[", count: 200) + String(repeating: "]", count: 200)
    let text = Bodies.orderText.replacing(#""tracking":["#, with: #""x":\#(deep),"tracking":["#)
    #expect(refusal(Array(text.utf8))?.hasPrefix("JSON nested deeper than 64 at byte") == true)
    let large = Array(Bodies.orderText.utf8) + [UInt8](repeating: 0x20, count: Event.largestBody)
    #expect(refusal(large) == "the body has \(large.count) bytes, more than 1048576")
  }

  @Test func `a sentence quotes little of the body`() throws {
    var body = try Bodies.order
    body["type"] = .string(String(repeating: "x", count: 10_000))
    #expect((refusal(body)?.utf8.count ?? .max) < 100)
    let secret = try Bodies.order { $0["number"] = ["email": "z@example.com"] }
    #expect(refusal(secret) == "order.number is not a string or a number")
  }
}
