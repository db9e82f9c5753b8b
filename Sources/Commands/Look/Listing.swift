import JSON
import Postgres

/// Runs one query whose single column is a JSON object per row; the statement makes the shape that programs see.
func objects(_ database: Database, _ sql: String, _ parameters: [any Bindable & Sendable]) async throws
  -> [JSON]
{
  try await database.withConnection { connection in
    try connection.query(sql, parameters).map { try JSON.parse($0.bytes(0)) }
  }
}

extension Table {
  /// A table of these members of the objects.
  static func of(_ objects: [JSON], _ columns: [(head: String, member: String)], numbers: Set<Int> = [])
    -> Table
  {
    var table = Table(columns.map(\.head), rightAligned: numbers)
    for object in objects {
      table.append(
        columns.map { column in
          let value = object[column.member]
          return value.isNull ? "" : value.text ?? value.description
        })
    }
    return table
  }
}
