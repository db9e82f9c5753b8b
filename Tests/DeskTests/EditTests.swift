import Desk
import Postgres
import RabbitMQ
import Testing
import Topology

struct EditTests {
  /// An event of one order, as CONTRACT section 4 has it.
  static func event(_ id: String, quantity: String = "2", time: String = "2026-01-01T12:00:00Z") -> String {
    """
    {"specversion":"1.0","id":"\(id)","source":"/connections/6f1c0000-0000-0000-0000-000000000000",
     "type":"order.created","subject":"order/1","time":"\(time)","datacontenttype":"application/json",
     "data":{"connectionId":"6f1c0000-0000-0000-0000-000000000000","platform":"allegro","marketplaceId":1,
     "change":"created","backfill":false,"order":{"externalId":"1","status":"new","financialStatus":"paid",
     "placedAt":"2026-01-01T11:59:58Z","updatedAt":"2026-01-01T12:00:00Z","currency":"PLN","total":"10.00",
     "lines":[{"externalId":"l1","listingId":"o1","sku":"S1","quantity":\(quantity)}]}}}
    """
  }

  @Test func `a corrected payload goes back under the same id, and the original stays in the record`()
    async throws
  {
    try await Place.with { (place) throws in
      let broken = Self.event("e1", quantity: "\"two\"")
      try place.bury([.init(id: "e1", body: broken)])
      let acted = try place.desk.edit(
        "e1", to: Array(Self.event("e1").utf8), by: Warrant(actor: "tests", reason: "text"))
      #expect(acted == Acted(done: 1))
      let delivery = try place.take(1, from: place.topology.name(.stockLedger)).first
      #expect(delivery?.withBody { String(decoding: $0, as: UTF8.self) } == Self.event("e1"))
      let row = try place.openDatabase().query(
        "SELECT action, original_body, edited_body, reason FROM dead_letter_actions"
      ).first
      #expect(row?.text(0) == "edit" && row?.text(3) == "text")
      #expect(row?.bytes(1) == Array(broken.utf8) && row?.bytes(2) == Array(Self.event("e1").utf8))
    }
  }

  @Test func `rule 29: an edit that would die, be another event or change nothing is refused`() async throws {
    try await Place.with { (place) throws in
      try place.bury([.init(id: "e1", body: Self.event("e1"))])
      let refused = [
        "no JSON", #"{"id":"e1"}"#, Self.event("e2"), Self.event("e1", time: "2026-01-02T12:00:00Z"),
      ]
      for body in refused {
        #expect(throws: DeskError.self) {
          try place.desk.edit("e1", to: Array(body.utf8), by: Warrant(actor: "tests"))
        }
      }
      try place.openDatabase().query(
        "INSERT INTO inbox (consumer, event_time, message_id) VALUES ('stock-ledger', '2026-01-01T12:00:00Z', 'e1')"
      )
      let error = #expect(throws: DeskError.self) {
        try place.desk.edit("e1", to: Array(Self.event("e1").utf8), by: Warrant(actor: "tests"))
      }
      #expect(error?.description.contains("has had its effect already") == true)
      #expect(try place.desk.letters(Selection()).map(\.id) == ["e1"])
    }
  }

  @Test func `what a killed desk had begun to edit goes back as edited`() async throws {
    try await Place.with { (place) throws in
      try place.bury(["a"])
      try place.openDatabase().query(
        """
        INSERT INTO dead_letter_actions (queue, message_id, action, generation, dead_at, actor, edited_body)
        VALUES ('stock-ledger', 'a', 'edit', 1, '2026-01-01T12:00:00Z', 'killed', 'corrected')
        """)
      #expect(try place.desk.discard(Selection(), by: Warrant(actor: "tests")) == Acted())
      let delivery = try place.take(1, from: place.topology.name(.stockLedger)).first
      #expect(delivery?.withBody { String(decoding: $0, as: UTF8.self) } == "corrected")
    }
  }
}
