import Foundation
import Import
import JSON
import Postgres
import TestServers
import Testing

@Suite struct ImportTests {
  /// A seller with one marketplace and three things, and a place for files.
  private static func with(_ body: @escaping @Sendable (Connection, URL) throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { connection in
          let shop = UUID()
          try connection.query(
            """
            INSERT INTO platform_connections (id, user_id, platform, name, base_url)
            VALUES ($1, 'seller', 'allegro', 'shop', 'http://x')
            """, [shop])
          try connection.query(
            """
            INSERT INTO variations (user_id, sku, title, ean) VALUES
              ('seller', 'SKU-1', 'Kubek Łódź 300 ml', NULL), ('seller', 'SKU-2', 'Żarówka LED', '5901234123457'),
              ('seller', 'SKU-3', NULL, NULL), ('other', 'SKU-1', 'Kubek Łódź 300 ml', '5901234123457')
            """)
          try connection.query(
            """
            INSERT INTO listings (connection_id, external_id, variation_id, title)
            SELECT $1, 'l-3', id, 'Słuchawki bezprzewodowe czarne' FROM variations WHERE sku = 'SKU-3'
            """, [shop])
          let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
            "import-\(UUID().uuidString)")
          try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
          defer { try? FileManager.default.removeItem(at: folder) }
          try body(connection, folder)
        }
      }
    }
  }

  private static func importing(
    _ text: String, in folder: URL, marketplace: Int? = 1, on connection: Connection
  ) throws -> Imports.Standing {
    let file = folder.appendingPathComponent("stock.csv")
    try Data(text.utf8).write(to: file)
    let reading = FileImport(path: file.path, currency: "PLN")
    let (header, rows) = try reading.beginning()
    var mapping = ColumnMapping()
    for one in ColumnMapping.suggest(header: header.cells, rows: rows.map(\.cells)) {
      mapping.columns[one.field] = one.column
    }
    return try reading.run(user: "seller", marketplace: marketplace, mapping: mapping, on: connection)
  }

  private static func text(_ sql: String, on connection: Connection) throws -> String? {
    try connection.query(sql).first?.optionalText(0)
  }

  static let sheet = """
    sku;ean;title;quantity;price;date
    sku-1;;Kubek;1 200;19,90;31.12.2025
    ;5901234123457;;3;"1.234,56 €";
    X-9;;Słuchawki czarne bezprzewodowe;4;;
    NEW-7;;Rower;2;999;
    SKU-3;;;1,5;;
    ;;;9;;

    """

  @Test func `rows find their SKUs by SKU, EAN and title, each with how sure that is`() async throws {
    try await Self.with { connection, folder in
      _ = try Self.importing(Self.sheet, in: folder, on: connection)
      let rows = try connection.query(
        """
        SELECT concat_ws(' ', r.line, r.status, v.sku, m.method, round(m.score::numeric, 2))
          FROM raw_import_items r LEFT JOIN match_candidates m ON m.item_id = r.id
          LEFT JOIN variations v ON v.id = m.variation_id ORDER BY r.line, m.score DESC
        """
      ).map { $0.text(0) }
      #expect(
        rows == [
          "2 candidates SKU-1 sku 0.95", "3 candidates SKU-2 ean 0.98", "4 candidates SKU-3 title 0.90",
          "5 unmatched", "6 failed", "7 failed",
        ])
      #expect(
        try Self.text(
          "SELECT concat_ws(' ', quantity, price, currency, dated_at AT TIME ZONE 'UTC') FROM raw_import_items WHERE line = 2",
          on: connection) == "1200 19.90 PLN 2025-12-31 00:00:00")
      #expect(
        try Self.text(
          "SELECT string_agg(error, '|' ORDER BY line) FROM raw_import_items", on: connection)
          == "line 6, column 4: '1,5' is no whole number of pieces|line 7: the row has neither a SKU nor an EAN nor a title"
      )
    }
  }

  @Test func `what is confirmed is set once, with history, and an unknown SKU is created`() async throws {
    try await Self.with { connection, folder in
      let id = try Self.importing(Self.sheet, in: folder, on: connection).id
      let decisions = Decisions(importId: id, admin: "anna", lowThreshold: 2)
      let sure = try decisions.sure(atLeast: 0.95, creates: true, on: connection)
      #expect(sure.map { "\($0.line) \($0.sku)" } == ["2 SKU-1", "3 SKU-2", "5 NEW-7"])
      for row in sure { #expect(try decisions.confirm(line: row.line, as: row.sku, on: connection)) }
      #expect(try !decisions.confirm(line: 2, as: "SKU-1", on: connection), "once is enough")
      #expect(try decisions.confirm(line: 4, as: "SKU-3", on: connection))
      #expect(try !decisions.reject(line: 4, on: connection))
      #expect(throws: Decisions.Refusal.self) { try decisions.confirm(line: 6, as: "SKU-3", on: connection) }
      #expect(throws: Decisions.Refusal.self) { try decisions.confirm(line: 99, as: "SKU-3", on: connection) }
      #expect(
        try Self.text(
          """
          SELECT string_agg(v.sku || ' ' || s.on_hand, ', ' ORDER BY v.sku)
            FROM marketplace_stock s JOIN variations v ON v.id = s.variation_id
          """, on: connection) == "NEW-7 2, SKU-1 1200, SKU-2 3, SKU-3 4")
      #expect(
        try Self.text(
          """
          SELECT concat_ws(' ', count(*), min(change_type), min(admin_id), min(notes)) FROM marketplace_stock_history
          """, on: connection) == "4 manual anna import 1, stock.csv line 2")
      #expect(
        try Self.text("SELECT title FROM variations WHERE sku = 'NEW-7'", on: connection) == "Rower")
    }
  }

  @Test func `a file that was read half is gone on with, and one that was read is not read again`()
    async throws
  {
    try await Self.with { connection, folder in
      let rows = (1...1_200).map { "SKU-\($0),\($0)" }.joined(separator: "\n")
      let text = "sku,quantity\n" + rows
      let first = try Self.importing(text, in: folder, on: connection)
      #expect(first.readTo == 0)
      // As if it had been killed in its second batch.
      try connection.query("DELETE FROM raw_import_items WHERE line > 501")
      try connection.query("UPDATE raw_import_items SET quantity = 0 WHERE line = 2")
      try connection.query("UPDATE imports SET read_to = 501, is_read = false")
      let second = try Self.importing(text, in: folder, on: connection)
      #expect(second.id == first.id && second.readTo == 501 && !second.isRead)
      #expect(
        try Self.text("SELECT concat_ws(' ', count(*), sum(quantity)) FROM raw_import_items", on: connection)
          == "1200 \(1_200 * 1_201 / 2 - 1)")
      #expect(try Self.importing(text, in: folder, on: connection).isRead)
      #expect(try Self.importing(text + "\nSKU-9,1", in: folder, on: connection).id != first.id)
    }
  }
}
