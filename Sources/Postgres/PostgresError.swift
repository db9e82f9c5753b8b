/// What went wrong between us and Postgres, classified by what it means for the work at hand.
///
/// `description` names the failure without statement parameters, so that it can be logged; a password never
/// gets in because libpq keeps it out of its own messages.
package struct PostgresError: Error, Sendable, CustomStringConvertible {
  package enum Kind: Sendable {
    /// The server is away, shutting down, out of room or read-only: wait and run the work again.
    case unavailable
    /// The database gave the transaction up (deadlock, serialization, lock timeout): run it again (Rule 16).
    case aborted
    /// The values don't fit (SQLSTATE classes 22 and 23): some row of the batch is guilty.
    case data
    /// Anything else, a mistake in a statement first of all.
    case other
  }

  package var kind: Kind
  /// The five-letter SQLSTATE, where the server sent one.
  package var sqlState: String?
  package var message: String
  package var constraint: String?

  package init(kind: Kind, sqlState: String? = nil, message: String, constraint: String? = nil) {
    self.kind = kind
    self.sqlState = sqlState
    self.message = message
    self.constraint = constraint
  }

  package var description: String {
    var text = "Postgres: \(message)"
    if let sqlState { text += " (\(sqlState))" }
    return text
  }

  /// The one table from SQLSTATE to meaning (PostgreSQL documentation, appendix A).
  package static func kind(ofSQLState state: String) -> Kind {
    switch state {
    case "40001", "40P01", "55P03", "57014": .aborted
    case "25006", "25P03", "57P01", "57P02", "57P03", "57P05": .unavailable
    default:
      switch state.prefix(2) {
      case "08", "53", "58": .unavailable
      case "22", "23": .data
      default: .other
      }
    }
  }
}
