import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Postgres
import TestServers
import Testing

/// Books a row per POST, unless the quantity is 13.
private struct Booking: Routes {
  let database: Database

  func add(to routes: GatewayRoutes) {
    routes.guarded.post("/book") { request, context in
      let fields = try await Fields(body: request, known: ["quantity"])
      let quantity = try required("quantity", fields.integer("quantity", in: 1...100))
      return try await Idempotency(database: database).once(request, by: context.caller, asking: fields) {
        connection in
        let row = try connection.query(
          "INSERT INTO activity_log (kind) VALUES ('booked') RETURNING id"
        ).first
        if quantity == 13 { throw Problem(.conflict, "unlucky") }
        return Answer(.created, ["id": .integer(row?.int(0) ?? 0)], location: "/book/1")
      }.response
    }
  }
}

struct IdempotencyTests {
  private func withDoor(_ body: @Sendable (Door, Database) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 4) { database in
        try await body(Door(routes: Booking(database: database)), database)
      }
    }
  }

  private func count(_ database: Database) async throws -> Int {
    try await database.withConnection {
      try $0.query("SELECT count(*) FROM activity_log").first?.int(0) ?? -1
    }
  }

  @Test func `rule 38: a repeat gets the first answer and books nothing`() async throws {
    try await withDoor { door, database in
      let token = try await Door.token()
      let key: HTTPFields = [.idempotencyKey: "k-1"]
      let answers = try await withThrowingTaskGroup(of: Door.Answer.self) { group in
        for body in [#"{"quantity":2}"#, #"{ "quantity": 2 }"#, #"{"quantity":2}"#, #"{"quantity":2}"#] {
          group.addTask { try await door.ask(.post, "/book", token: token, headers: key, body: body) }
        }
        return try await group.reduce(into: []) { $0.append($1) }
      }
      #expect(Set(answers.map(\.body)).count == 1)
      #expect(answers.allSatisfy { $0.status == 201 && $0.headers[.location] == "/book/1" })
      #expect(try await count(database) == 1)
    }
  }

  @Test func `a key belongs to one request of one caller`() async throws {
    try await withDoor { door, database in
      let key: HTTPFields = [.idempotencyKey: "k-1"]
      let (one, two) = (try await Door.token("one"), try await Door.token("two"))
      #expect(
        try await door.ask(.post, "/book", token: one, headers: key, body: #"{"quantity":2}"#).status == 201)
      #expect(
        try await door.ask(.post, "/book", token: one, headers: key, body: #"{"quantity":3}"#).status == 422)
      #expect(
        try await door.ask(.post, "/book", token: two, headers: key, body: #"{"quantity":3}"#).status == 201)
      #expect(try await count(database) == 2)
    }
  }

  @Test func `what failed leaves the key unused and nothing booked`() async throws {
    try await withDoor { door, database in
      let token = try await Door.token()
      let key: HTTPFields = [.idempotencyKey: "k-1"]
      for _ in 1...2 {
        let answer = try await door.ask(.post, "/book", token: token, headers: key, body: #"{"quantity":13}"#)
        #expect(answer.status == 409)
      }
      #expect(try await count(database) == 0)
    }
  }
}
