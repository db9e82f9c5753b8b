import ArgumentParser
import Foundation
import Import
import JSON
import Marketplaces
import Postgres
import Settings

/// `crossdock import`
struct ImportCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import",
    abstract: "Products and stock from CSV files, matched to SKUs that a person confirms.",
    discussion: """
      `columns` says what the columns of a file may be, `csv` reads it, `show` what its rows may be, and `confirm` makes it
      so. A file that was read half is gone on with when `csv` is run again.

      EXAMPLE
        crossdock import columns stock.csv
        crossdock import csv stock.csv --user shop-7 --marketplace 1 --map "Stan mag.=quantity"
        crossdock import show 1
        crossdock import confirm 1 --all
      """,
    subcommands: [
      Columns.self, ReadCSV.self, List.self, Show.self, ImportConfirm.self, ImportReject.self,
    ])

  struct Columns: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "What the columns of a file are likely to be, by their names and cells; nothing is stored.",
      discussion: """
        EXAMPLE
          crossdock import columns stock.csv --format json
        """)

    @OptionGroup var format: FormatOptions
    @Argument(help: "The file.") var file: String

    func run() async throws {
      let (header, rows) = try readable { try FileImport(path: file).beginning() }
      let suggestions = ColumnMapping.suggest(header: header.cells, rows: rows.map(\.cells))
      let columns: [JSON] = header.cells.enumerated().map { column, name in
        let suggestion = suggestions.first { $0.column == column }
        return [
          "column": .integer(column + 1), "header": .string(name), "field": .text(suggestion?.field.rawValue),
          "confidence": suggestion.map { .init(floatLiteral: $0.confidence) } ?? .null,
          "example": .text(rows.first.flatMap { column < $0.cells.count ? $0.cells[column] : nil }),
        ]
      }
      format.print(.array(columns)) {
        Table.of(
          columns,
          [
            ("COLUMN", "column"), ("HEADER", "header"), ("FIELD", "field"), ("CONFIDENCE", "confidence"),
            ("EXAMPLE", "example"),
          ], numbers: [0, 3]
        ).text
      }
    }
  }

  struct ReadCSV: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      commandName: "csv",
      abstract: "Reads a file and finds out which SKUs its rows may be; nothing else is changed.",
      discussion: """
        A row that can't be read is kept with its line, column and reason, and exits 1.

        EXAMPLE
          crossdock import csv stock.csv --user shop-7 --marketplace 1 --map "Code=sku" --dates dmy
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Argument(help: "The file: UTF-8, with a header.") var file: String
    @Option(help: "The owner of the SKUs.") var user: String
    @Option(help: "The marketplace id whose stock the quantities are; without it they are kept only.")
    var marketplace: Int?
    @Option(
      help: ArgumentHelp(
        "What a column is, by its header or number: sku, ean, title, quantity, price, currency, date, or nothing. "
          + "Others are guessed.", valueName: "column=field"))
    var map: [String] = []
    @Option(help: "The currency of prices that name none.") var currency: String?
    @Option(help: "How 01/02/2026 is to be read: dmy or mdy.") var dates: CellReader.DateOrder?

    func validate() throws {
      if let currency, CellReader.currency(currency) == nil {
        throw ValidationError("--currency must be a code as in EUR")
      }
    }

    func run() async throws {
      let reading = FileImport(
        path: file, reader: CellReader(dateOrder: dates), currency: currency.flatMap(CellReader.currency))
      let (header, rows) = try readable { try reading.beginning() }
      let mapping = try chosen(header: header.cells, rows: rows.map(\.cells))
      let (user, marketplace) = (user, marketplace)
      let report = try await settings.load().withDatabase { database in
        if let marketplace {
          let account = try await database.connection(ofMarketplace: marketplace)
          guard account.userId == user else {
            throw Failure(.usage, "marketplace \(marketplace) is \(account.userId)'s, not \(user)'s")
          }
        }
        let standing = try await database.withConnection { connection in
          try readable {
            try reading.run(user: user, marketplace: marketplace, mapping: mapping, on: connection)
          }
        }
        return try await summary(of: standing, mapping, header.cells, database)
      }
      format.print(report) { text(of: report) }
      if report["failed"].integer != 0 { throw Failure(.found, "") }
    }

    /// What was guessed, with what the person says of it.
    private func chosen(header: [String], rows: [[String]]) throws -> ColumnMapping {
      var mapping = ColumnMapping()
      for suggestion in ColumnMapping.suggest(header: header, rows: rows) where suggestion.confidence >= 0.5 {
        mapping.columns[suggestion.field] = suggestion.column
      }
      for said in map {
        guard let sign = said.lastIndex(of: "=") else {
          throw Failure(.usage, "--map '\(said)' is not of the form column=field")
        }
        let (name, field) = (String(said[..<sign]), String(said[said.index(after: sign)...]))
        guard let column = header.firstIndex(of: name) ?? Int(name).map({ $0 - 1 }),
          header.indices.contains(column)
        else {
          throw Failure(.usage, "the file has no column '\(name)'; `crossdock import columns` shows them")
        }
        mapping.columns = mapping.columns.filter { $0.value != column }
        guard field != "nothing" else { continue }
        guard let known = ImportField(rawValue: field) else {
          let fields = ImportField.allCases.map(\.rawValue).joined(separator: ", ")
          throw Failure(.usage, "there is no field '\(field)'; there are \(fields), nothing")
        }
        mapping.columns[known] = column
      }
      guard !Set(mapping.columns.keys).isDisjoint(with: [.sku, .ean, .title]) else {
        throw Failure(
          .found, "no column is known as a SKU, EAN or title: name one with --map, as in --map \"Code=sku\"")
      }
      return mapping
    }

    private func summary(
      of standing: Imports.Standing, _ mapping: ColumnMapping, _ header: [String], _ database: Database
    ) async throws -> JSON {
      let (counts, failures) = try await database.withConnection { connection in
        let failures = try connection.query(
          "SELECT error FROM raw_import_items WHERE import_id = $1 AND status = 'failed' ORDER BY line LIMIT 20",
          [standing.id])
        return (try Imports.counts(of: standing.id, on: connection), failures.map { $0.text(0) })
      }
      let used = Set(mapping.columns.values)
      let leftOut = header.indices.filter { !used.contains($0) }.map { JSON.string(header[$0]) }
      let columns = mapping.columns.map { ($0.key.rawValue, JSON.string(header[$0.value])) }
      return [
        "import": .integer(standing.id), "rows": .integer(counts.values.reduce(0, +)),
        "candidates": .integer(counts["candidates"] ?? 0), "unmatched": .integer(counts["unmatched"] ?? 0),
        "confirmed": .integer(counts["confirmed"] ?? 0), "rejected": .integer(counts["rejected"] ?? 0),
        "failed": .integer(counts["failed"] ?? 0), "was_read_before": .bool(standing.isRead),
        "columns": .object(Dictionary(columns, uniquingKeysWith: { $1 })), "left_out": .array(leftOut),
        "failures": .array(failures.map { .string($0) }),
      ]
    }

    private func text(of report: JSON) -> String {
      let columns = report["columns"].object.sorted { $0.key < $1.key }
        .map { "\($0.key) from '\($0.value.text ?? "")'" }
      let leftOut = report["left_out"].array.map { "'\($0.text ?? "")'" }.joined(separator: ", ")
      let lines = [
        "import \(report["import"].text ?? "")"
          + (report["was_read_before"] == true ? ", which was read before" : "") + ": "
          + "\(report["rows"].text ?? "0") rows, \(report["candidates"].text ?? "0") with candidates, "
          + "\(report["unmatched"].text ?? "0") without, \(report["failed"].text ?? "0") could not be read",
        columns.joined(separator: ", ") + (leftOut.isEmpty ? "" : "; left out: \(leftOut)"),
      ]
      return (lines + report["failures"].array.compactMap(\.text)).joined(separator: "\n")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every import with how far it is.",
      discussion: """
        EXAMPLE
          crossdock import list --user shop-7
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Option(help: "Only those of this owner.") var user: String?

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('id', i.id, 'user_id', i.user_id, 'marketplace_id', i.marketplace_id,
                   'file', i.file_name, 'read', i.is_read, 'created_at', i.created_at) ||
                 (SELECT jsonb_build_object('rows', count(*), 'failed', count(*) FILTER (WHERE status = 'failed'),
                           'open', count(*) FILTER (WHERE status IN ('new', 'candidates', 'unmatched')),
                           'confirmed', count(*) FILTER (WHERE status = 'confirmed'))
                    FROM raw_import_items r WHERE r.import_id = i.id)
            FROM imports i WHERE $1::text IS NULL OR i.user_id = $1 ORDER BY i.id
          """, [user])
      }
      format.print(.array(rows)) {
        Table.of(
          rows,
          [
            ("ID", "id"), ("USER", "user_id"), ("MARKETPLACE", "marketplace_id"), ("ROWS", "rows"),
            ("OPEN", "open"),
            ("CONFIRMED", "confirmed"), ("FAILED", "failed"), ("FILE", "file"),
          ], numbers: [0, 2, 3, 4, 5, 6]
        ).text
      }
    }
  }

  struct Show: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "The rows of an import with their candidates, the best first.",
      discussion: """
        EXAMPLE
          crossdock import show 1 --status candidates --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions
    @Argument(help: "The import's id.") var id: Int
    @Option(help: "Only rows that are so.") var status: Imports.Status?
    @Option(help: "The most rows.") var limit = 1_000

    func run() async throws {
      let (id, status) = (id, status?.rawValue)
      let rows = try await settings.load().withDatabase { database in
        guard try await database.withConnection({ try Imports.exists(id, on: $0) }) else {
          throw Failure(.found, "there is no import \(id): `crossdock import list` shows all")
        }
        return try await objects(
          database,
          """
          SELECT jsonb_build_object('line', r.line, 'status', r.status, 'sku', r.sku, 'ean', r.ean, 'title', r.title,
                   'quantity', r.quantity, 'price', r.price, 'currency', r.currency, 'date', r.dated_at,
                   'error', r.error, 'confirmed_as', v.sku, 'decided_by', r.decided_by, 'candidates',
                   (SELECT coalesce(jsonb_agg(jsonb_build_object('sku', c.sku, 'method', m.method,
                              'score', round(m.score::numeric, 2)) ORDER BY m.score DESC, c.sku), '[]')
                      FROM match_candidates m JOIN variations c ON c.id = m.variation_id WHERE m.item_id = r.id))
            FROM raw_import_items r LEFT JOIN variations v ON v.id = r.variation_id
           WHERE r.import_id = $1 AND ($2::text IS NULL OR r.status = $2) ORDER BY r.line LIMIT $3
          """, [id, status, limit])
      }
      format.print(.array(rows)) {
        var table = Table(["LINE", "STATUS", "SKU", "TITLE", "QUANTITY", "MAY BE"], rightAligned: [0, 4])
        for row in rows {
          let candidates = row["candidates"].array.map {
            "\($0["sku"].text ?? "") (\($0["method"].text ?? "") \($0["score"].text ?? ""))"
          }
          table.append([
            row["line"].text ?? "", row["status"].text ?? "", row["sku"].text ?? "", row["title"].text ?? "",
            row["quantity"].text ?? "",
            row["error"].text ?? row["confirmed_as"].text ?? candidates.joined(separator: ", "),
          ])
        }
        return table.text
      }
    }
  }
}

extension CellReader.DateOrder: ExpressibleByArgument {}
extension Imports.Status: ExpressibleByArgument {}

/// What is wrong with a file, as the command's one sentence.
func readable<T>(_ body: () throws -> T) throws -> T {
  do {
    return try body()
  } catch let error as CSVError {
    throw Failure(.found, error.description)
  } catch let error as CocoaError {
    throw Failure(.found, "the file can't be read: \(error.localizedDescription)")
  }
}
