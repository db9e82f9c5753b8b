import Events
import Foundation
import Lane
import Outbox
import Postgres
import StockLedger
import TestServers
import Testing
import Time

/// Orders that began and ended between two readings, and the check for low stock.
struct EndedOrderTests {
  /// A connection whose stock of one SKU was ten.
  private struct Shelf {
    let connection: Connection
    private let id = UUID().uuidString.lowercased()
    private var ledger = StockLedger(
      lowThreshold: 5, allowedFinancialStatuses: ["paid", "pending"], logger: TestServers.silence)
    private var number = 0

    init(_ connection: Connection) throws {
      self.connection = connection
      try connection.query(
        """
        INSERT INTO platform_connections (id, user_id, platform, name, base_url)
        VALUES ($1::text::uuid, $1, 'backmarket', $1, 'http://x')
        """, [id])
      try snapshot(10, at: 0)
    }

    private func moment(_ seconds: Int64) -> Timestamp {
      Timestamp(secondsSince1970: 1_760_000_000 + seconds)
    }

    private mutating func hear(_ type: EventType, at seconds: Int64, _ data: Event.Payload) throws {
      number += 1
      let event = Event(
        id: "backmarket:\(id):\(number)", type: type, time: moment(seconds), connectionId: id,
        platform: "backmarket", observedAt: moment(seconds), subjectData: data)
      try commit(&ledger, [event], on: connection)
    }

    mutating func snapshot(_ quantity: Int, at seconds: Int64) throws {
      try hear(
        .inventoryUpdated, at: seconds,
        .inventory(Inventory(listingId: "l-1", sku: "SKU", quantity: quantity, asOf: moment(seconds))))
    }

    /// An order of three that was placed at 10.
    mutating func order(
      _ financial: String, at seconds: Int64, cancelled: Bool = false, restocked: Int = 0, id: String = "o-1",
      eligible: Bool = false
    ) throws {
      var order = Order(
        externalId: id, status: cancelled ? .cancelled : .paid, financialStatus: financial,
        eligible: eligible,
        placedAt: moment(10), updatedAt: moment(seconds), cancelledAt: cancelled ? moment(seconds) : nil)
      order.lines = [
        OrderLine(
          externalId: id + "/1", listingId: "l-1", sku: "SKU", quantity: 3 - restocked)
      ]
      try hear(cancelled ? .orderCancelled : .orderUpdated, at: seconds, .order(order))
    }

    var onHand: Int {
      get throws {
        try connection.query(
          """
          SELECT s.on_hand FROM marketplace_stock s JOIN platform_connections c USING (marketplace_id)
           WHERE c.id = $1::text::uuid
          """, [id]
        ).first?.int(0) ?? .min
      }
    }

    /// The changes that the history has of orders.
    var history: [String] {
      get throws {
        try connection.query(
          """
          SELECT change_type || ' ' || quantity_change FROM marketplace_stock_history
           WHERE change_type LIKE 'order%' AND connection_id = $1::text::uuid ORDER BY id
          """, [id]
        ).map { $0.text(0) }
      }
    }

    /// What `stock.low` said was left, one for each that went out.
    var warnings: [Int] {
      get throws {
        try connection.query("SELECT messages FROM outbox ORDER BY id")
          .flatMap { try Packet.messages(in: $0.bytes(0)) }
          .filter { $0.type == EventType.stockLow.rawValue }
          .compactMap { message in
            guard case .stock(let stock) = try Event.decode(message.body).subjectData else { return nil }
            return stock.listedStock
          }
      }
    }
  }

  /// `open` makes another shelf.
  private func with(_ body: @escaping @Sendable (_ open: () throws -> Shelf) throws -> Void) async throws {
    try await TestDatabase.with { test in
      let url = test.url
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        Thread {
          continuation.resume(
            with: Result {
              let connection = try Connection.open(url, name: "tests")
              try body { try Shelf(connection) }
            })
        }.start()
      }
    }
  }

  @Test func `an order whose financial status is not allowed takes no stock, whoever published it`()
    async throws
  {
    try await with { open in
      var shelf = try open()
      try shelf.order("VOIDED", at: 20, eligible: true)
      #expect(try shelf.onHand == 10)
      try shelf.order("Paid", at: 30, eligible: true)
      #expect(try shelf.onHand == 7)
      // It stays sold: the filter is for orders that nobody has counted yet.
      try shelf.order("voided", at: 40, eligible: true)
      #expect(try shelf.onHand == 7)
    }
  }

  @Test func `an order that was refunded before it was heard of has sold what was not taken back`()
    async throws
  {
    try await with { open in
      for (financial, restocked, onHand) in [
        ("refunded", 0, 7), ("REFUNDED", 2, 9), ("partially_refunded", 0, 7), ("voided", 0, 10),
      ] {
        var shelf = try open()
        try shelf.order(financial, at: 30, restocked: restocked)
        #expect(try shelf.onHand == onHand, "\(financial)")
        // The marketplace has said it all the time.
        try shelf.snapshot(onHand, at: 40)
        #expect(try shelf.onHand == onHand, "\(financial)")
      }
    }
  }

  @Test
  func
    `rule 2: an order that was cancelled before it was heard of gives back what a snapshot between had lost`()
    async throws
  {
    try await with { open in
      for isSnapshotFirst in [false, true] {
        var shelf = try open()
        if isSnapshotFirst { try shelf.snapshot(7, at: 20) }
        try shelf.order("refunded", at: 30, cancelled: true)
        #expect(try shelf.onHand == 10)
        if isSnapshotFirst { continue }
        #expect(try shelf.history.allSatisfy { $0.hasSuffix(" 0") }, "input 16: it was never deducted")
        try shelf.snapshot(7, at: 20)
        #expect(try shelf.onHand == 10)
      }
    }
  }

  @Test func `what did not count before it was cancelled is not deducted either`() async throws {
    try await with { open in
      var shelf = try open()
      try shelf.order("pending", at: 20)
      try shelf.order("voided", at: 30, cancelled: true)
      #expect(try shelf.onHand == 10)
      #expect(try shelf.history.allSatisfy { $0.hasSuffix(" 0") })
    }
  }

  @Test func `stock is called low once for each fall below the threshold`() async throws {
    try await with { open in
      var shelf = try open()
      #expect(try shelf.warnings == [], "ten are enough")
      try shelf.order("paid", at: 20, id: "a", eligible: true)
      #expect(try shelf.warnings == [])
      try shelf.order("paid", at: 21, id: "b", eligible: true)
      #expect(try shelf.warnings == [4])
      try shelf.order("paid", at: 22, id: "c", eligible: true)
      try shelf.order("paid", at: 23, id: "d", eligible: true)
      #expect(try shelf.onHand == -2)
      #expect(try shelf.warnings == [4], "it is low already")
      try shelf.snapshot(5, at: 30)
      try shelf.order("paid", at: 31, id: "e", eligible: true)
      #expect(try shelf.warnings == [4], "the fifth is older than the snapshot")
      try shelf.snapshot(4, at: 40)
      #expect(try shelf.warnings == [4, 4])
    }
  }
}
