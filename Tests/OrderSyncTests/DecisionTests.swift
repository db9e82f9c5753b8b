import Events
import Lane
import Postgres
import Testing

struct DecisionTests {
  @Test
  func `new is created, newer is updated, a cancel closes, and what is older or the same changes nothing`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([Versions.event(10)])
      #expect(try session.statistics() == [1, 0, 0, 0, 0, 0])
      try session.run([Versions.event(20, status: .paid)])
      #expect(try session.statistics() == [1, 1, 0, 0, 0, 0])
      try session.run([Versions.event(15, status: .processing)])
      try session.run([Versions.event(20, id: "another", status: .paid)])
      #expect(try session.statistics() == [1, 1, 0, 0, 2, 0])
      #expect(try session.stored()["o-1"]?.header.hasPrefix("paid f") == true)
      try session.run([Versions.event(30, status: .cancelled)])
      #expect(try session.statistics() == [1, 1, 1, 0, 2, 0])
      #expect(try session.stored()["o-1"]?.header.hasPrefix("cancelled t") == true)
    }
  }

  @Test func `the versions of one batch come to the same as one by one`() async throws {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(20, status: .paid), Versions.event(10), Versions.event(30, status: .cancelled),
        Versions.event(5, "o-2", status: .cancelled), Versions.event(1, "o-2"),
      ])
      #expect(try session.statistics() == [2, 0, 1, 1, 1, 0])
      #expect(try session.stored()["o-2"]?.header.hasPrefix("cancelled t") == true)
      #expect(try session.count(of: "skipped_orders") == 0)
    }
  }

  @Test func `a message that comes again is not counted again`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(10)])
      try session.run([Versions.event(10), Versions.event(20, status: .paid)])
      #expect(try session.statistics() == [1, 1, 0, 0, 0, 0])
      #expect(try session.count(of: "inbox") == 2)
    }
  }

  @Test func `a cancelled order that is not known is skipped and leaves no row`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(20, status: .cancelled)])
      #expect(try session.stored().isEmpty)
      #expect(try session.statistics() == [0, 0, 0, 1, 0, 0])
      #expect(try session.count(of: "skipped_orders") == 1)
    }
  }

  @Test func `rule 13: an order that comes after its cancel is created, and closed`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(20, status: .cancelled, lines: nil)])
      try session.run([Versions.event(10)])
      let order = try #require(try session.stored()["o-1"])
      #expect(order.header.hasPrefix("cancelled t"))
      #expect(order.entries == ["a item SKU-a 1 10.00 10.00"])
      #expect(try session.statistics() == [1, 0, 0, 1, 0, 0])
      #expect(try session.count(of: "skipped_orders") == 0)
    }
  }

  @Test
  func `rule 13: the financial status keeps out new orders only, and a later allowed one brings all of it`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(10, financialStatus: "VOIDED"), Versions.event(10, "o-2", financialStatus: nil),
      ])
      #expect(try session.stored().keys.sorted() == ["o-2"])
      try session.run([Versions.event(5), Versions.event(20, "o-2", financialStatus: "Voided")])
      #expect(try session.stored()["o-1"]?.header.contains("VOIDED") == true)
      #expect(try session.stored()["o-2"]?.header.contains("Voided") == true)
      #expect(try session.statistics() == [2, 1, 0, 1, 0, 0])
    }
  }

  @Test func `an order that is not eligible is skipped until a version is`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(10, eligible: false)])
      #expect(try session.stored().isEmpty)
      try session.run([Versions.event(20)])
      #expect(try session.stored().count == 1)
    }
  }

  @Test func `an event of nobody's connection goes to the dead letters and its neighbours commit`()
    async throws
  {
    try await SyncSession.with { session in
      let stranger = "6f1c0000-0000-4000-8000-00000000000f"
      let exceptions = try session.run([
        Versions.event(1, "o-1"), Versions.event(2, "o-2", connection: stranger),
        Versions.event(3, "o-3", connection: stranger, marketplace: 9),
      ])
      #expect(exceptions.keys.sorted() == [1])
      guard case .deadLetter(let failure) = exceptions[1] else {
        Issue.record("it is \(String(describing: exceptions[1]))")
        return
      }
      #expect(failure.errorClass == .unknownConnection)
      #expect(try session.stored().keys.sorted() == ["o-1"])
      #expect(try session.stored(of: stranger).keys.sorted() == ["o-3"])
      #expect(try session.stored(of: stranger)["o-3"]?.header.hasSuffix(" 9") == true)
      #expect(try session.stored()["o-1"]?.header.hasSuffix(" 7") == true)
      #expect(try session.statistics() == [2, 0, 0, 0, 0, 1])
      #expect(try session.count(of: "inbox") == 2)
    }
  }

  @Test func `a value that Postgres refuses is told as bad data, although nobody waited for its statement`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([Versions.event(1)])
      let bad = Versions.event(2, lines: [Versions.line("a", 3_000_000_000)])
      let error = #expect(throws: PostgresError.self) { try session.run([bad]) }
      #expect(error?.kind == .data)
    }
  }
}
