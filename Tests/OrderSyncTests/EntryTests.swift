import Events
import Postgres
import Testing

struct EntryTests {
  @Test func `a changed line is updated, a new one added, an orphan deleted, and shipping stays`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(
          10, shipping: "9.99", lines: [Versions.line("a", 2), Versions.line("b"), Versions.line("c")])
      ])
      try session.run([
        Versions.event(
          20, shipping: "9.99", lines: [Versions.line("a", 3), Versions.line("b"), Versions.line("d")])
      ])
      #expect(
        try session.entries(of: "o-1") == [
          ":shipping shipping - 1 9.99 9.99", "a item SKU-a 3 10.00 30.00", "b item SKU-b 1 10.00 10.00",
          "d item SKU-d 1 10.00 10.00",
        ])
    }
  }

  @Test func `the shipping entry goes when shipping costs nothing any more`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(10, shipping: "9.99")])
      try session.run([Versions.event(20, shipping: "0.00")])
      #expect(try session.entries(of: "o-1") == ["a item SKU-a 1 10.00 10.00"])
      try session.run([Versions.event(30, shipping: "4")])
      #expect(try session.entries(of: "o-1").first == ":shipping shipping - 1 4 4")
    }
  }

  @Test func `an event without a list of lines keeps the entries, an empty list removes them`() async throws {
    try await SyncSession.with { session in
      try session.run([Versions.event(10)])
      try session.run([Versions.event(20, status: .shipped, lines: nil)])
      #expect(try session.entries(of: "o-1").count == 1)
      try session.run([Versions.event(15, lines: [Versions.line("late")])])
      #expect(try session.entries(of: "o-1") == ["late item SKU-late 1 10.00 10.00"])
      #expect(try session.stored()["o-1"]?.header.hasPrefix("shipped") == true)
      try session.run([Versions.event(30, lines: [])])
      #expect(try session.entries(of: "o-1") == [])
    }
  }

  @Test func `lines with a quantity of zero or less are no entries`() async throws {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(10, lines: [Versions.line("a", 0), Versions.line("b", -2), Versions.line("c")])
      ])
      #expect(try session.entries(of: "o-1").count == 1)
      try session.run([Versions.event(20, lines: [Versions.line("c", 0)])])
      #expect(try session.entries(of: "o-1") == [])
    }
  }

  @Test func `the full price is exact`() async throws {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(
          10,
          lines: [
            Versions.line("a", 3, price: "0.1"), Versions.line("b", 7, price: "123456789012345678.99"),
            Versions.line("c", 2, price: nil),
          ])
      ])
      #expect(
        try session.entries(of: "o-1") == [
          "a item SKU-a 3 0.1 0.3", "b item SKU-b 7 123456789012345678.99 864197523086419752.93",
          "c item SKU-c 2 - -",
        ])
    }
  }

  @Test func `of lines with one id the last counts, and one with the name of the shipping entry is skipped`()
    async throws
  {
    try await SyncSession.with { session in
      try session.run([
        Versions.event(
          10, lines: [Versions.line("a", 1), Versions.line("a", 4), Versions.line(":shipping", 2)])
      ])
      #expect(try session.entries(of: "o-1") == ["a item SKU-a 4 10.00 40.00"])
    }
  }

  @Test func `an entry finds its variation by the listing, else by the owner's SKU, else not at all`()
    async throws
  {
    try await SyncSession.with { session in
      try session.connection.query(
        "INSERT INTO variations (user_id, sku) VALUES ('u-1','SKU-a'), ('u-1','other'), ('u-2','SKU-c')")
      try session.connection.query(
        """
        INSERT INTO listings (connection_id, external_id, variation_id)
        SELECT '\(SyncSession.connectionId)', 'offer-9', id FROM variations WHERE sku = 'other'
        """)
      try session.run([
        Versions.event(
          10, lines: [Versions.line("a"), Versions.line("b", listing: "offer-9"), Versions.line("c")])
      ])
      let found = try session.connection.query(
        """
        SELECT e.external_id, v.sku FROM order_entries e LEFT JOIN variations v ON v.id = e.variation_id
         ORDER BY e.external_id
        """
      ).map { [$0.text(0), $0.optionalText(1)] }
      #expect(found == [["a", "SKU-a"], ["b", "other"], ["c", nil]])
    }
  }
}
