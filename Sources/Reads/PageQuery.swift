import JSON
import Postgres

/// The rows of one table, newest first, a page at a time by their key, so that every page costs the same.
///
/// Rows of some owners only are taken from each owner by an index over (owner, key), however many rows the others have.
struct PageQuery: Sendable {
  /// An SQL expression that makes a JSON object of a row.
  let object: String
  let source: String
  /// A `bigint` that orders the rows.
  let key: String
  /// The column that says whose row it is: of a connection, a marketplace or a user.
  let owner: String
  private var conditions: [String] = []
  private var parameters: [any Bindable & Sendable] = []

  init(_ object: String, from source: String, key: String, owner: String) {
    self.object = object
    self.source = source
    self.key = key
    self.owner = owner
  }

  /// Adds a condition on a value, where there is one; `condition` is given the value's placeholder.
  mutating func filter(_ value: (any Bindable & Sendable)?, _ condition: (String) -> String) {
    guard let value else { return }
    parameters.append(value)
    conditions.append(condition("$\(parameters.count + 2)"))
  }

  /// At most `limit` rows whose keys are below `after`. `owners`: an array that `owner` must be in; nil for all rows.
  func rows(
    before key: Int?, limit: Int, ofOwners owners: (any Bindable & Sendable)?, on connection: Connection
  ) throws -> [JSON] {
    var values: [any Bindable] = [key ?? Int.max, limit]
    values += parameters
    if let owners { values.append(owners) }
    let rows = try connection.query(owners == nil ? all : some, values)
    return try rows.map { try JSON.parse($0.bytes(0)) }
  }

  private var all: String {
    "SELECT \(object) FROM \(source) WHERE \(matching) ORDER BY \(key) DESC LIMIT $2"
  }

  private var some: String {
    """
    SELECT r.object FROM unnest($\(parameters.count + 3)) AS own(id) CROSS JOIN LATERAL (
      SELECT \(key) AS key, \(object) AS object FROM \(source) WHERE \(owner) = own.id AND \(matching)
       ORDER BY \(key) DESC LIMIT $2) r
     ORDER BY r.key DESC LIMIT $2
    """
  }

  private var matching: String { (["\(key) < $1"] + conditions).joined(separator: " AND ") }
}

/// Which page of a list is wanted.
package struct PageWish: Sendable, Equatable {
  /// The key of the last row of the page before.
  package var before: Int?
  package var limit: Int

  package init(before: Int? = nil, limit: Int) {
    self.before = before
    self.limit = limit
  }
}
