import AsyncHTTPClient
import Conversations
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import JSON
import Live
import NIOCore
import NIOHTTP1
import Postgres
import TestServers
import Testing

/// A gateway on a port of its own that streams the notifications of a schema of its own.
struct Desk: Sendable {
  static let secret = "a secret of thirty-two bytes or more"
  let port: Int
  let database: Database

  static func with(_ body: @escaping @Sendable (Desk) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase(connections: 3) { database in
        let feed = NewsFeed(url: test.url, database: database, logger: TestServers.silence)
        let gateway = Gateway(
          host: "127.0.0.1", port: 0, metrics: .init(), ready: [], routes: [StreamRoutes(feed)],
          authenticator: try await Authenticator(secret: secret), logger: TestServers.silence)
        try await gateway.application.test(.live) { client in
          try await body(Desk(port: try #require(client.port), database: database))
        }
      }
    }
  }

  func token(_ user: String) async throws -> String {
    try await Authenticator(secret: Self.secret).token(for: .init(subject: user, role: .seller), validFor: 60)
  }

  /// Tells users of something, each in a transaction of its own.
  func tell(_ user: String, _ causes: String...) async throws {
    for cause in causes {
      try await database.transaction { connection in
        try UserNotifications.append(
          [UserNotification(to: user, .stockLow, about: cause, body: ["cause": .string(cause)])],
          on: connection)
      }
    }
  }

  /// Opens a stream, runs `once` when it has begun, and answers its first `count` events, and the id of the last.
  func events(
    _ count: Int, of user: String, after last: String? = nil, once: () async throws -> Void = {}
  ) async throws -> (causes: [String], last: String?) {
    var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/api/v1/stream")
    request.headers.add(name: "authorization", value: "Bearer \(try await token(user))")
    if let last { request.headers.add(name: "last-event-id", value: last) }
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(20))
    #expect(response.status == .ok && response.headers.first(name: "content-type") == "text/event-stream")
    var text = ""
    var hasBegun = false
    for try await part in response.body {
      text += String(buffer: part)
      if !hasBegun {
        hasBegun = true
        try await once()
      }
      let data = Self.lines("data: ", text)
      if data.count >= count {
        let causes = data.map { (try? JSON.parse($0))?["body"]["cause"].text ?? "" }
        return (causes, Self.lines("id: ", text).last)
      }
    }
    return ([], nil)
  }

  private static func lines(_ prefix: String, _ text: String) -> [String] {
    // The last event may have come in part only.
    let whole = text.components(separatedBy: "\n\n").dropLast()
    return whole.flatMap { $0.split(separator: "\n") }
      .filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }
  }
}

struct StreamTests {
  @Test func `a stream shows a user's notifications as they are committed, and nobody else's`() async throws {
    try await Desk.with { desk in
      let seen = try await desk.events(2, of: "ann") {
        try await desk.tell("bob", "b-1")
        try await desk.tell("ann", "a-1", "a-2")
      }
      #expect(seen.causes == ["a-1", "a-2"])
    }
  }

  @Test func `a stream goes on after the last event that its client has seen`() async throws {
    try await Desk.with { desk in
      let first = try await desk.events(2, of: "ann") { try await desk.tell("ann", "1", "2") }
      try await desk.tell("ann", "3", "4")
      let second = try await desk.events(2, of: "ann", after: try #require(first.last))
      #expect(second.causes == ["3", "4"])
    }
  }

  @Test func `a notification that commits late is not passed over`() async throws {
    try await TestDatabase.with { test in
      try await test.withDatabase { database in
        try await database.withConnection { reader in
          let late = try Connection.open(test.url, name: "tests")
          let early = try Connection.open(test.url, name: "tests")
          let insert = "INSERT INTO notifications (user_id, kind, cause) VALUES ('ann', 'stock_low', $1)"
          let start = try NewsPage.now(on: reader)
          try late.begin()
          try late.query(insert, ["late"])
          try early.query(insert, ["early"])
          let held = try NewsPage.read("ann", after: start, on: reader)
          #expect(held.news.isEmpty && held.isWithheld)
          try late.commit()
          var page = held
          // Other tests' transactions hold it back too.
          while page.isWithheld {
            try reader.query("SELECT pg_sleep(0.01)")
            page = try NewsPage.read("ann", after: start, on: reader)
          }
          #expect(page.news.map(\.position.id) == [1, 2])
        }
      }
    }
  }
}
