import Crypto
import HTTPTypes
package import Hummingbird
package import JSON
package import Postgres

/// What a POST answered, kept under its `Idempotency-Key`.
package struct Answer: Sendable, Equatable {
  package var status: HTTPResponse.Status
  package var body: JSON
  package var location: String?

  package init(_ status: HTTPResponse.Status, _ body: JSON, location: String? = nil) {
    self.status = status
    self.body = body
    self.location = location
  }

  package var response: Response {
    .json(body, status: status, headers: location.map { [.location: $0] } ?? [:])
  }
}

/// Makes a POST that books or sends something safe to repeat (Rule 38).
package struct Idempotency: Sendable {
  private let database: Database

  package init(database: Database) {
    self.database = database
  }

  /// Runs `work` in a transaction, at most once for the request's `Idempotency-Key`: the answer is kept in the same
  /// transaction as the effects, so a repeat gets the first answer and has none. A key that was used
  /// for another request is 422; what `work` throws rolls back and leaves the key unused. Without a key it simply runs.
  /// `fields` are what was asked: a repeat must ask the same.
  package func once(
    _ request: Request, by caller: Caller, asking fields: Fields,
    _ work: @escaping @Sendable (Connection) throws -> Answer
  ) async throws -> Answer {
    guard let key = try Self.key(of: request) else { return try await database.transaction(work) }
    let digest = Self.digest(of: request, fields)
    let subject = caller.subject
    return try await database.transaction { connection in
      // Whoever comes second waits here for the first one's commit.
      let isFirst =
        try connection.query(
          """
          INSERT INTO idempotency_keys (subject, key, request) VALUES ($1, $2, $3)
          ON CONFLICT (subject, key) DO NOTHING
          """, [subject, key, Bytes(digest)]
        ).affected == 1
      guard isFirst else { return try Self.kept(subject, key, digest, on: connection) }
      let answer = try work(connection)
      try connection.query(
        "UPDATE idempotency_keys SET status = $3, body = $4, location = $5 WHERE subject = $1 AND key = $2",
        [subject, key, answer.status.code, JSONText(answer.body.bytes), answer.location])
      return answer
    }
  }

  private static func kept(
    _ subject: String, _ key: String, _ digest: [UInt8], on connection: Connection
  ) throws -> Answer {
    let rows = try connection.query(
      "SELECT request, status, body, location FROM idempotency_keys WHERE subject = $1 AND key = $2",
      [subject, key])
    guard let row = rows.first, !row.isNull(1) else {
      throw Problem(.conflict, "the first request with this Idempotency-Key is still under way")
    }
    guard row.bytes(0) == digest else {
      throw Problem(.unprocessableContent, "this Idempotency-Key was used for another request")
    }
    return Answer(.init(code: row.int(1)), try JSON.parse(row.bytes(2)), location: row.optionalText(3))
  }

  private static func key(of request: Request) throws(Problem) -> String? {
    guard let key = request.headers[.idempotencyKey] else { return nil }
    guard (1...255).contains(key.utf8.count), key.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
      throw .invalid("Idempotency-Key", "must have 1 to 255 characters of ASCII, none of them a space")
    }
    return key
  }

  private static func digest(of request: Request, _ fields: Fields) -> [UInt8] {
    var hash = SHA256()
    hash.update(data: Array("\(request.method.rawValue) \(request.uri.string)\n".utf8))
    hash.update(data: fields.json.bytes)
    return Array(hash.finalize())
  }

  /// Forgets the answers of more than a day ago; answers how many.
  package func forgetOld() async throws -> Int {
    try await database.withConnection { connection in
      try connection.query("DELETE FROM idempotency_keys WHERE created_at < now() - interval '1 day'")
        .affected
    }
  }
}
