import Gateway
import JSON
import Marketplaces
import Polling
import Postgres

/// The record of what people did through the API (`activity_log`).
enum ActivityLog {
  /// Notes an action within the transaction of its effects. It concerns the connection's user, else the caller.
  static func note(
    _ kind: String, by caller: Caller, of account: MarketplaceConnection?, body: JSON, on session: Connection
  ) throws(PostgresError) {
    let entry: JSON = ["by": .string(caller.subject), "role": .string(caller.role.rawValue), "asked": body]
    _ = try session.send(
      "INSERT INTO activity_log (connection_id, user_id, kind, body) VALUES ($1, $2, $3, $4)",
      [account?.id, account?.userId ?? caller.subject, kind, JSONText(entry.storable.bytes)])
  }
}
