import Crypto
import Events
import JSON
import Marketplaces
import Refurbed
import TestShops
import Testing
import Time

import struct Foundation.Data

@Suite struct WebhookTests {
  let keys = WebhookKeys(secrets: ["old secret", "new secret"], url: "https://x.example/webhook/refurbed/1")

  func webhook(_ body: String, signedWith secret: String = "new secret") -> WebhookRequest {
    let code = HMAC<SHA256>.authenticationCode(
      for: Array(body.utf8), using: SymmetricKey(data: Array(secret.utf8)))
    return WebhookRequest(
      headers: ["x-refurbed-signature": Data(code).base64EncodedString()], body: Array(body.utf8),
      receivedAt: Timestamp(secondsSince1970: 1_763_700_000))
  }

  @Test func `18 the raw bytes are what is signed, not what they mean`() {
    let body = #"{"order_id":"1","note":"\u0026 \/ 😀"}"#
    #expect(RefurbedWebhooks().isGenuine(webhook(body), keys: keys))
    #expect(RefurbedWebhooks().isGenuine(webhook(body, signedWith: "old secret"), keys: keys))
    #expect(!RefurbedWebhooks().isGenuine(webhook(body, signedWith: "another"), keys: keys))
    #expect(!RefurbedWebhooks().isGenuine(webhook(body, signedWith: ""), keys: .init(secrets: [""], url: "")))
    var rewritten = webhook(body)
    rewritten.body = Array(#"{"order_id":"1","note":"& / 😀"}"#.utf8)
    #expect(!RefurbedWebhooks().isGenuine(rewritten, keys: keys))
    rewritten.headers = [:]
    #expect(!RefurbedWebhooks().isGenuine(rewritten, keys: keys))
  }

  @Test func `it names an order, which is asked for`() throws {
    let reading = try RefurbedWebhooks().read(
      webhook(#"{"event":"order.created","order_id":9007199254740993}"#), for: .test(.refurbed),
      filter: .standard)
    guard case .fetch(let raw, let subjects) = reading else {
      Issue.record("nothing to fetch")
      return
    }
    #expect(subjects == [.order("9007199254740993")] && raw.type == "order.created")
  }

  @Test func `25 a replay has the same id, another body another`() throws {
    func id(_ body: String) throws -> String? {
      let reading = try RefurbedWebhooks().read(webhook(body), for: .test(.refurbed), filter: .standard)
      if case .fetch(let raw, _) = reading { return raw.id }
      return nil
    }
    #expect(try id(#"{"order_id":"1"}"#) == id(#"{"order_id":"1"}"#))
    #expect(try id(#"{"order_id":"1"}"#) != id(#"{"order_id":"2"}"#))
    #expect(try id(#"{"order_id":"1","event_id":"e-7"}"#) == "e-7")
  }

  @Test func `one that names no order is kept and skipped, one that is no JSON refused`() throws {
    let reading = try RefurbedWebhooks().read(
      webhook(#"{"type":"x"}"#), for: .test(.refurbed), filter: .standard)
    guard case .items(let items) = reading else {
      Issue.record("no items")
      return
    }
    #expect(items.first?.reason == "'x' names no order")
    #expect(throws: MarketplaceError.self) {
      try RefurbedWebhooks().read(webhook("order_id=1"), for: .test(.refurbed), filter: .standard)
    }
  }
}
