import Events
package import JSON
package import Postgres

package import struct Foundation.UUID

/// The marketplace accounts in Postgres, with their credentials sealed.
package struct ConnectionStore: Sendable {
  package let database: Database
  let keys: SecretKeys

  package init(database: Database, keys: SecretKeys) {
    self.database = database
    self.keys = keys
  }

  /// Makes a connection and gives it the next marketplace id.
  package func add(_ draft: ConnectionDraft) async throws -> MarketplaceConnection {
    let id = UUID()
    let sealed = try keys.current.seal(draft.secrets.bytes, for: id.uuidString)
    let keyId = keys.current.id
    return try await database.transaction { connection in
      let rows = try connection.query(
        """
        INSERT INTO platform_connections
          (id, user_id, platform, name, base_url, dialect, mode, start_at, secrets, secrets_key_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        RETURNING \(ConnectionRow.columns)
        """,
        [
          id, draft.userId, draft.platform.rawValue, draft.name, draft.baseURL, draft.dialect.rawValue,
          draft.mode.rawValue, draft.start.text, Bytes(sealed), keyId,
        ])
      return try ConnectionRow.read(rows.first)
    }
  }

  /// All connections, or those of one user, by marketplace id.
  package func list(ofUser userId: String? = nil) async throws -> [MarketplaceConnection] {
    try await database.withConnection { connection in
      let rows = try connection.query(
        """
        SELECT \(ConnectionRow.columns) FROM platform_connections
        WHERE $1::text IS NULL OR user_id = $1 ORDER BY marketplace_id
        """, [userId])
      return try rows.map { try ConnectionRow.read($0) }
    }
  }

  /// One connection; nil when there is none of that id.
  package func find(_ id: UUID) async throws -> MarketplaceConnection? {
    try await database.withConnection { connection in
      let rows = try connection.query(
        "SELECT \(ConnectionRow.columns) FROM platform_connections WHERE id = $1", [id])
      return try rows.first.map { try ConnectionRow.read($0) }
    }
  }

  /// The credentials of a connection; nil when it has none or there is no such connection.
  package func secrets(of id: UUID) async throws -> Secrets? {
    try await kept(of: id)?.secrets
  }

  /// The credentials with their sealed form, by which a change in between can be seen.
  func kept(of id: UUID) async throws -> KeptSecrets? {
    let row = try await database.withConnection { connection -> (sealed: [UInt8], keyId: String)? in
      let rows = try connection.query(
        "SELECT secrets, secrets_key_id FROM platform_connections WHERE id = $1 AND secrets IS NOT NULL", [id]
      )
      return rows.first.map { ($0.bytes(0), $0.text(1)) }
    }
    guard let row else { return nil }
    let plain = try keys.open(row.sealed, sealedWith: row.keyId, for: id.uuidString)
    guard let secrets = Secrets(bytes: plain) else {
      throw SecretError("the credentials are not a JSON object")
    }
    return KeptSecrets(secrets: secrets, sealed: row.sealed)
  }

  /// Replaces the credentials; false when there is no such connection. What a refresh under way brings is dropped.
  package func setSecrets(_ secrets: Secrets, of id: UUID) async throws -> Bool {
    let sealed = try keys.current.seal(secrets.bytes, for: id.uuidString)
    return try await update(
      id, "secrets = $2, secrets_key_id = $3, token_lease = NULL, token_lease_until = NULL",
      [Bytes(sealed), keys.current.id])
  }

  /// Seals the credentials of every connection with the current key; answers how many were sealed with another.
  package func reseal() async throws -> Int {
    let keys = self.keys
    return try await database.transaction { connection in
      let rows = try connection.query(
        """
        SELECT id, secrets, secrets_key_id FROM platform_connections
        WHERE secrets IS NOT NULL AND secrets_key_id IS DISTINCT FROM $1 ORDER BY id FOR UPDATE
        """, [keys.current.id])
      for row in rows {
        let id = row.uuid(0)
        let plain = try keys.open(row.bytes(1), sealedWith: row.text(2), for: id.uuidString)
        let sealed = try keys.current.seal(plain, for: id.uuidString)
        try connection.query(
          "UPDATE platform_connections SET secrets = $2, secrets_key_id = $3 WHERE id = $1",
          [id, Bytes(sealed), keys.current.id])
      }
      return rows.count
    }
  }

  package func setEnabled(_ enabled: Bool, of id: UUID) async throws -> Bool {
    try await update(id, "status = $2", [enabled ? "enabled" : "disabled"])
  }

  package func setRealtime(_ enabled: Bool, of id: UUID) async throws -> Bool {
    try await update(id, "realtime_enabled = $2", [enabled])
  }

  package func setRules(_ rules: JSON, of id: UUID) async throws -> Bool {
    try await update(id, "sync_rules = $2", [JSONText(rules.bytes)])
  }

  /// Removes a connection with its feeds and limits; false when there was none. Its history stays.
  package func remove(_ id: UUID) async throws -> Bool {
    try await database.withConnection { connection in
      try connection.query("DELETE FROM platform_connections WHERE id = $1", [id]).affected == 1
    }
  }

  private func update(
    _ id: UUID, _ assignments: String, _ values: [any Bindable & Sendable]
  ) async throws -> Bool {
    try await database.withConnection { connection in
      try connection.query(
        "UPDATE platform_connections SET \(assignments), updated_at = now() WHERE id = $1", [id] + values
      ).affected == 1
    }
  }
}

/// Credentials as they were read, and as they were sealed.
struct KeptSecrets: Sendable {
  var secrets: Secrets
  var sealed: [UInt8]
}

/// Reads rows of `platform_connections`.
package enum ConnectionRow {
  /// The columns that `read` expects, in its order.
  package static let columns = """
    id, user_id, platform, marketplace_id, name, base_url, dialect, mode, start_at, sync_rules, \
    realtime_enabled, status, created_at, updated_at
    """

  /// Reads one row; `offset` is the position of the first column.
  package static func read(_ row: Row?, offset: Int = 0) throws -> MarketplaceConnection {
    guard let row, let platform = Platform(rawValue: row.text(offset + 2)) else {
      throw PostgresError(kind: .other, message: "a connection row is missing, or of an unknown platform")
    }
    return MarketplaceConnection(
      id: row.uuid(offset), userId: row.text(offset + 1), platform: platform,
      marketplaceId: row.int(offset + 3), name: row.text(offset + 4), baseURL: row.text(offset + 5),
      dialect: .init(rawValue: row.text(offset + 6)) ?? .live,
      mode: .init(rawValue: row.text(offset + 7)) ?? .live,
      start: FeedStart(row.text(offset + 8)) ?? .latest,
      syncRules: (try? JSON.parse(row.bytes(offset + 9))) ?? .null,
      realtimeEnabled: row.bool(offset + 10), isEnabled: row.text(offset + 11) == "enabled",
      createdAt: row.timestamp(offset + 12), updatedAt: row.timestamp(offset + 13))
  }
}
