import Postgres

package import struct Foundation.UUID

/// The right to refresh a connection's tokens: one worker at a time, with an expiry, in the connection's row.
package struct TokenLease: Sendable {
  let store: ConnectionStore
  let connectionId: UUID

  /// Longer than a call to the token service can take.
  static let duration = 45.0

  package init(store: ConnectionStore, connectionId: UUID) {
    self.store = store
    self.connectionId = connectionId
  }

  /// The lease's token, or nil while another worker holds it.
  package func acquire() async throws -> UUID? {
    let id = connectionId
    let token = UUID()
    return try await store.database.withConnection { connection in
      let rows = try connection.query(
        """
        UPDATE platform_connections
        SET token_lease = $2, token_lease_until = clock_timestamp() + make_interval(secs => $3)
        WHERE id = $1 AND (token_lease IS NULL OR token_lease_until < clock_timestamp())
        """, [id, token, Self.duration])
      return rows.affected == 1 ? token : nil
    }
  }

  /// Keeps new credentials and gives the lease back; false when the old ones were replaced by somebody else. A lease
  /// that ran out is no hindrance: the pair at hand is the only one that still works.
  func complete(_ lease: UUID, replacing old: KeptSecrets, with secrets: Secrets) async throws -> Bool {
    let id = connectionId
    let sealed = try store.keys.current.seal(secrets.bytes, for: id.uuidString)
    let keyId = store.keys.current.id
    return try await store.database.withConnection { connection in
      try connection.query(
        """
        UPDATE platform_connections
        SET secrets = $4, secrets_key_id = $5, updated_at = now(),
            token_lease = nullif(token_lease, $2),
            token_lease_until = CASE WHEN token_lease = $2 THEN NULL ELSE token_lease_until END
        WHERE id = $1 AND secrets = $3
        """, [id, lease, Bytes(old.sealed), Bytes(sealed), keyId]
      ).affected == 1
    }
  }

  package func release(_ lease: UUID) async throws {
    let id = connectionId
    try await store.database.withConnection { connection in
      _ = try connection.query(
        """
        UPDATE platform_connections SET token_lease = NULL, token_lease_until = NULL
        WHERE id = $1 AND token_lease = $2
        """, [id, lease])
    }
  }
}
