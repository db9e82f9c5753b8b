import JSON
import Postgres

import struct Foundation.UUID

/// The record of what connections in shadow mode would have done.
enum Shadow {
  enum Kind: String { case quantity, message, product }

  static func note(
    _ kind: Kind, of connectionId: UUID, target: String, _ body: JSON, on connection: Connection
  ) throws {
    try connection.query(
      "INSERT INTO shadow_actions (connection_id, kind, target, body) VALUES ($1, $2, $3, $4)",
      [connectionId, kind.rawValue, target, JSONText(body.bytes)])
  }
}
