import Events
import Foundation
import Postgres

/// Whose connections a batch is about.
struct Accounts {
  struct Account {
    var marketplace: Int
    var user: String
  }

  private var accounts: [UUID: Account] = [:]

  subscript(connection: UUID) -> Account? { accounts[connection] }

  init() {}

  init(of events: [Event], on connection: Connection) throws(PostgresError) {
    let ids = Set(events.map(\.connectionId)).compactMap { UUID(text: $0) }
    let rows = try connection.query(
      "SELECT id, marketplace_id, user_id FROM platform_connections WHERE id = ANY($1::uuid[])", [ids])
    for row in rows { accounts[row.uuid(0)] = Account(marketplace: row.int(1), user: row.text(2)) }
  }
}
