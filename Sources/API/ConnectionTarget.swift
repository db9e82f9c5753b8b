import Events
import Foundation
import Gateway
import Marketplaces
import Postgres

/// Which of the caller's connections a request is about: `connectionId`, `marketplaceId`, or all.
struct ConnectionTarget: Sendable {
  let id: UUID?
  let marketplace: Int?

  init(_ fields: Fields) throws(Problem) {
    id = try fields.uuid("connectionId")
    marketplace = try fields.integer("marketplaceId", in: 1...Int(Int32.max))
  }

  /// Of a body that has only this field of the two.
  init(_ fields: Fields, only name: String) throws(Problem) {
    id = try fields.uuid(name)
    marketplace = nil
  }

  init(id: UUID) {
    self.id = id
    marketplace = nil
  }

  var isGiven: Bool { id != nil || marketplace != nil }

  /// The one connection that is named; 404 when the caller sees none of that name.
  func one(for caller: Caller, on session: Connection) throws -> MarketplaceConnection {
    guard let account = try all(for: caller, on: session).first else { throw Problem.notFound("connection") }
    return account
  }

  /// The enabled ones; 404 when one was named and the caller sees none of that name.
  func enabled(for caller: Caller, on session: Connection) throws -> [MarketplaceConnection] {
    let accounts = try all(for: caller, on: session)
    if isGiven && accounts.isEmpty { throw Problem.notFound("connection") }
    return accounts.filter(\.isEnabled)
  }

  private func all(for caller: Caller, on session: Connection) throws -> [MarketplaceConnection] {
    try session.query(
      """
      SELECT \(ConnectionRow.columns) FROM platform_connections
       WHERE ($1::text IS NULL OR user_id = $1) AND ($2::uuid IS NULL OR id = $2)
         AND ($3::bigint IS NULL OR marketplace_id = $3)
       ORDER BY marketplace_id
      """, [caller.owner, id, marketplace]
    ).map { try ConnectionRow.read($0) }
  }
}
