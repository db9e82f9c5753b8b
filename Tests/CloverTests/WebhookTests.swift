import Clover
import Events
import JSON
import Marketplaces
import TestShops
import Testing
import Time

@Suite struct WebhookTests {
  let reader = CloverWebhooks()
  let connection = MarketplaceConnection.test(.clover, baseURL: "https://api.clover.com/v3/merchants/MID1")

  func webhook(_ body: String, auth: String? = "the-auth-code") -> WebhookRequest {
    WebhookRequest(
      headers: auth.map { ["x-clover-auth": $0] } ?? [:], body: Array(body.utf8),
      receivedAt: Timestamp(secondsSince1970: 1_767_268_810))
  }

  @Test func `the static code is all there is, and it must be right`() {
    let keys = WebhookKeys(secrets: ["old", "the-auth-code"], url: "")
    #expect(reader.isGenuine(webhook("{}"), keys: keys))
    #expect(!reader.isGenuine(webhook("{}", auth: "the-auth-codf"), keys: keys))
    #expect(!reader.isGenuine(webhook("{}", auth: "the-auth-code-and-more"), keys: keys))
    #expect(!reader.isGenuine(webhook("{}", auth: nil), keys: keys))
    #expect(!reader.isGenuine(webhook("{}", auth: ""), keys: .init(secrets: [""], url: "")))
  }

  @Test func `the verification code is answered, and nothing else`() {
    #expect(reader.handshake(webhook(#"{"verificationCode":"a-b-c"}"#)) == ["verificationCode": "a-b-c"])
    #expect(reader.handshake(webhook(#"{"appId":"A","merchants":{}}"#)) == nil)
    #expect(reader.handshake(webhook("x")) == nil)
  }

  @Test func `our merchant's items and orders are asked for, each once`() throws {
    let body = #"""
      {"appId":"A","merchants":{"MID1":[
        {"objectId":"I:ITEM1","type":"UPDATE","ts":1767268805000},{"objectId":"I:ITEM1","type":"UPDATE","ts":1767268806000},
        {"objectId":"O:ORDER1","type":"CREATE","ts":1767268805000},{"objectId":"C:CUSTOMER","type":"UPDATE","ts":1},
        {"objectId":"I:GONE","type":"DELETE","ts":1}],"MID2":[{"objectId":"I:OTHER","type":"UPDATE","ts":1}]}}
      """#
    guard
      case .fetch(let raw, let subjects) = try reader.read(webhook(body), for: connection, filter: .standard)
    else {
      Issue.record("nothing to fetch")
      return
    }
    #expect(subjects == [.listing("ITEM1"), .order("ORDER1")])
    #expect(raw.occurredAt == Timestamp("2026-01-01T12:00:06Z"))
  }

  @Test func `25 a replay has the same id`() throws {
    func id(_ ts: Int) throws -> String? {
      let body = #"{"appId":"A","merchants":{"MID1":[{"objectId":"I:X","type":"UPDATE","ts":\#(ts)}]}}"#
      guard case .fetch(let raw, _) = try reader.read(webhook(body), for: connection, filter: .standard)
      else {
        return nil
      }
      return raw.id
    }
    #expect(try id(1) == id(1))
    #expect(try id(1) != id(2))
  }

  @Test func `what names nothing of ours is skipped, what is no webhook refused`() throws {
    guard
      case .items(let items) = try reader.read(
        webhook(#"{"appId":"A","merchants":{"MID2":[]}}"#), for: connection, filter: .standard)
    else {
      Issue.record("something to fetch")
      return
    }
    #expect(items.first?.reason != nil)
    #expect(throws: MarketplaceError.self) {
      try reader.read(webhook(#"{"x":1}"#), for: connection, filter: .standard)
    }
  }
}
