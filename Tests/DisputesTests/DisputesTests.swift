import Conversations
import Disputes
import Events
import Foundation
import Lane
import Messaging
import Postgres
import TestServers
import Testing
import Time

struct DisputesTests {
  private func withCourt(
    mode: String = "live", _ body: @escaping @Sendable (inout Court) throws -> Void
  ) async throws {
    let templates = try Templates()
    try await TestDatabase.with { test in
      let url = test.url
      try await onThread {
        var court = try Court(try Connection.open(url, name: "tests"), templates: templates, mode: mode)
        try body(&court)
      }
    }
  }

  @Test func `a dispute turns the conversation, brings a moderator in and tells all parties once`()
    async throws
  {
    try await withCourt { court in
      try Moderators.add("mod-1", on: court.database)
      try court.deliver(order: "o-1")
      for round in 0..<3 { try court.deliver(dispute: "d-1", about: "o-1", event: "e-\(round)") }
      #expect(
        try court.state == ["o-1 dispute false buyer,moderator,seller dispute_notice,order_confirmation"])
      #expect(try court.count("SELECT count(*) FROM disputes") == 1)
      #expect(try court.count("SELECT count(*) FROM notifications WHERE kind = 'dispute_opened'") == 1)
      #expect(try court.count("SELECT count(*) FROM notifications WHERE user_id = 'mod-1'") == 1)
      let body = try court.database.query("SELECT body FROM messages WHERE kind = 'dispute_notice'").first
      #expect(body?.text(0).contains("order #o-1 has been opened (broken & late)") == true)
    }
  }

  @Test func `a dispute that comes before its order ends alike`() async throws {
    try await withCourt { court in
      try Moderators.add("mod-1", on: court.database)
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-1")
      #expect(try court.state == ["o-1 dispute false moderator,seller dispute_notice"])
      try court.deliver(order: "o-1")
      #expect(
        try court.state == ["o-1 dispute false buyer,moderator,seller dispute_notice,order_confirmation"])
    }
  }

  @Test func `without an active moderator a dispute waits for one`() async throws {
    try await withCourt { court in
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-1")
      try court.deliver(dispute: "d-2", about: "o-2", event: "e-2")
      #expect(try court.count("SELECT count(*) FROM conversations WHERE needs_moderator") == 2)
      #expect(try court.database.transaction { try Moderators.assignWaiting(on: $0) } == 0)
      try court.database.transaction { try Moderators.add("mod-1", on: $0) }
      #expect(try court.count("SELECT count(*) FROM conversations WHERE needs_moderator") == 0)
      #expect(try court.count("SELECT count(*) FROM notifications WHERE user_id = 'mod-1'") == 2)
      #expect(try court.count("SELECT count(*) FROM conversation_members WHERE role = 'moderator'") == 2)
    }
  }

  @Test func `a dispute read as history is escalated in silence`() async throws {
    try await withCourt { court in
      try Moderators.add("mod-1", on: court.database)
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-1", backfill: true)
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-2", backfill: true)
      #expect(try court.state == ["o-1 dispute false moderator,seller "])
      #expect(try court.count("SELECT count(*) FROM notifications") == 0)
    }
  }

  @Test func `the latest event about a dispute counts, whichever comes last`() async throws {
    try await withCourt { court in
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-2", reason: "later", seconds: 20)
      try court.deliver(dispute: "d-1", about: "o-1", event: "e-1", reason: "earlier", seconds: 10)
      #expect(try court.database.query("SELECT reason FROM disputes").first?.text(0) == "later")
    }
  }

  @Test func `lanes that escalate at the same time give every moderator an equal share`() async throws {
    let templates = try Templates()
    try await TestDatabase.with { test in
      let url = test.url
      let setup = try await onThread {
        let database = try Connection.open(url, name: "tests")
        for number in 1...3 { try Moderators.add("mod-\(number)", on: database) }
        return try Court(database, templates: templates).connection
      }
      try await withThrowingTaskGroup(of: Void.self) { lanes in
        for lane in 0..<3 {
          lanes.addTask {
            try await onThread {
              var court = try Court(
                try Connection.open(url, name: "tests"), templates: templates, connection: setup)
              for number in 0..<20 {
                try court.deliver(
                  dispute: "d-\(lane)-\(number)", about: "o-\(lane)-\(number)", event: "\(lane)-\(number)")
                try court.deliver(
                  dispute: "s-\(lane)-\(number)", about: "o-\(number)", event: "s\(lane)-\(number)")
              }
            }
          }
        }
        try await lanes.waitForAll()
      }
      try await onThread {
        let shares = try Connection.open(url, name: "tests").query(
          "SELECT count(*) FROM conversation_members WHERE role = 'moderator' GROUP BY user_id")
        #expect(shares.map { $0.int(0) }.sorted() == [26, 27, 27])
      }
    }
  }

  @Test func `whoever has waited longest takes the next dispute`() {
    var rota = Rota(turn: 7, moderators: [.init(user: "b", lastTurn: 7), .init(user: "a", lastTurn: 6)])
    #expect([rota.next(), rota.next(), rota.next()] == ["a", "b", "a"])
    #expect(rota.turn == 10)
    var nobody = Rota(turn: 7, moderators: [])
    #expect(nobody.next() == nil)
    #expect(nobody.turn == 7)
  }

  @Test func `any order and repetition of orders and disputes ends alike`() async throws {
    let (templates, seed) = (try Templates(), SplitMix.seedOfThisRun)
    let steps = ["o-1", "o-2", "d-1", "d-2"]
    let failure = try await TestDatabase.with { test in
      let url = test.url
      return try await onThread {
        let database = try Connection.open(url, name: "tests", settings: ["synchronous_commit": "off"])
        try Moderators.add("mod-1", on: database)
        return try Arrivals.smallestFailure(of: 300, seed: seed) { seed in
          var random = SplitMix(seed: seed)
          return Arrivals(of: steps.count, batch: 1, using: &random)
        } failure: { _, arrivals in
          var court = try Court(database, templates: templates)
          for step in arrivals.batches.joined().map({ steps[$0] }) {
            if step.hasPrefix("o") {
              try court.deliver(order: step)
            } else {
              try court.deliver(dispute: step, about: "o-\(step.dropFirst(2))", event: step)
            }
          }
          let state = try court.state
          for number in 0..<2 where arrivals.messages.contains(number) {
            let expected =
              arrivals.messages.contains(number + 2)
              ? "\(steps[number]) dispute false buyer,moderator,seller dispute_notice,order_confirmation"
              : "\(steps[number]) order false buyer,seller order_confirmation"
            if !state.contains(expected) { return "\(state) lacks \(expected)" }
          }
          return nil
        }
      }
    }
    #expect(failure == nil)
  }
}
