import Events
import JSON
import Testing
import Time

@Suite struct IdentityTests {
  private let lines = [OrderLine(externalId: "a", quantity: 2), OrderLine(externalId: "b", sku: "S")]

  @Test func `a platform's event has the platform's id`() {
    #expect(
      EventID.platformEvent(platform: "allegro", connectionId: Bodies.connectionId, eventId: "event-id-456")
        == "allegro:\(Bodies.connectionId):event-id-456")
  }

  @Test func `a listed order's id changes with its content though updatedAt stands still`() throws {
    var order = Order(externalId: "7", updatedAt: Timestamp("2026-01-01T12:00:00Z"), lines: lines)
    func id() -> String {
      EventID.listedOrder(platform: "allegro", connectionId: Bodies.connectionId, order: order)
    }
    let before = id()
    let prefix = "allegro:\(Bodies.connectionId):order/7@2026-01-01T12:00:00Z#"
    #expect(before.hasPrefix(prefix))
    #expect(before.utf8.count == prefix.utf8.count + 12)
    order.status = .cancelled
    #expect(id() != before)
    order.status = .new
    #expect(id() == before)
  }

  @Test func `no id is too long for AMQP, and long ones differ`() {
    let ids = ["x", "y"].map {
      EventID.platformEvent(
        platform: "shopify", connectionId: Bodies.connectionId,
        eventId: String(repeating: "é", count: 200) + $0)
    }
    #expect(ids.allSatisfy { $0.utf8.count <= EventID.longest })
    #expect(ids[0] != ids[1])
    #expect(ids.allSatisfy { $0.hasPrefix("shopify:\(Bodies.connectionId):sha256/") })
  }

  @Test func `the digest is fixed for all releases`() throws {
    let order = try #require(try Event.decode(Bodies.orderText).order)
    #expect(order.contentDigest == [139, 242, 82, 133, 251, 6])
    #expect(order.contentHash == 3_593_878_829_550_284_395)
  }

  @Test func `the digest knows no order of keys or lines, nor null from absent`() throws {
    func digest(_ text: String) throws -> [UInt8] {
      let body =
        #"{"specversion":"1.0","id":"1","type":"order.updated","data":{"connectionId":"\#(Bodies.connectionId)","order":\#(text)}}"#
      return try #require(try Event.decode(body).order).contentDigest
    }
    let plain = try digest(
      #"{"externalId":"1","shippingAddress":{"a":"1"},"lines":[{"externalId":"a"},{"externalId":"b"}]}"#)
    #expect(
      try digest(
        #"{"lines":[{"externalId":"b","sku":null},{"externalId":"a","quantity":1}],"number":null,"eligible":true,"shippingAddress":{"b":null,"c":{},"a":"1"},"externalId":1}"#
      ) == plain)
    #expect(try digest(#"{"externalId":"1","shippingAddress":{"a":"1"}}"#) != plain)
    #expect(
      try digest(
        #"{"externalId":"1","shippingAddress":{"a":"1"},"lines":[{"externalId":"a"},{"externalId":"b","quantity":2}]}"#
      )
        != plain)
  }

  @Test func `the stock hash sees lines, status and cancellation, and nothing else`() {
    let order = Order(externalId: "1", number: "1", total: Money("1"), lines: lines)
    func hash(_ change: (inout Order) -> Void) -> UInt64 {
      var changed = order
      change(&changed)
      return changed.contentHash
    }
    let base = order.contentHash
    #expect(hash { $0.number = "2" } == base)
    #expect(hash { $0.total = nil } == base)
    #expect(hash { $0.lines?.reverse() } == base)
    #expect(hash { $0.lines?[0].quantity = 3 } != base)
    #expect(hash { $0.lines?[0].restocked = 1 } != base)
    #expect(hash { $0.lines?[0].sku = "T" } != base)
    #expect(hash { $0.lines?.removeLast() } != base)
    #expect(hash { $0.lines = [] } != hash { $0.lines = nil })
    #expect(hash { $0.status = .cancelled } != base)
    #expect(hash { $0.cancelledAt = .epoch } != base)
  }
}
