import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Postgres
import TestServers
import Testing
import Time

import struct Foundation.UUID

/// A schema with a store over several connections.
func withStore(
  keys: SecretKeys? = nil, _ body: @Sendable @escaping (ConnectionStore) async throws -> Void
) async throws {
  let used = try keys ?? SecretKeys(current: SecretTests.key("A"))
  try await TestDatabase.with { test in
    try await test.withDatabase(connections: 4) { try await body(ConnectionStore(database: $0, keys: used)) }
  }
}

func draft(_ name: String = "shop", _ secrets: Secrets = Secrets(["refreshToken": "r1"])) -> ConnectionDraft {
  ConnectionDraft(
    userId: "u1", platform: .allegro, name: name, baseURL: "http://127.0.0.1:1", dialect: .documented,
    start: .at(.epoch), secrets: secrets)
}

@Suite struct StoreTests {
  @Test func `a connection is kept with its credentials sealed, and numbered from one`() async throws {
    try await withStore { store in
      let first = try await store.add(draft("a"))
      let second = try await store.add(draft("b"))
      #expect([first.marketplaceId, second.marketplaceId] == [1, 2])
      #expect(first.dialect == .documented && first.start == .at(.epoch) && first.isEnabled)
      #expect(try await store.secrets(of: first.id)?.text("refreshToken") == "r1")
      let raw = try await store.database.withConnection { connection in
        try connection.query("SELECT secrets FROM platform_connections WHERE id = $1", [first.id])[0].bytes(0)
      }
      #expect(!String(decoding: raw, as: UTF8.self).contains("r1"))
      #expect(try await store.list(ofUser: "u1").count == 2)
      #expect(try await store.list(ofUser: "other").isEmpty)
      #expect(try await store.setEnabled(false, of: first.id))
      #expect(try await store.setRules(["propagateInventory": true], of: first.id))
      #expect(try await store.find(first.id)?.syncRules["propagateInventory"] == true)
      #expect(try await store.find(first.id)?.isEnabled == false)
      #expect(try await store.remove(first.id))
      #expect(try await store.remove(first.id) == false)
      #expect(try await store.secrets(of: first.id) == nil)
    }
  }

  @Test func `a new key reseals what the old one sealed`() async throws {
    let (old, new) = (try SecretTests.key("A"), try SecretTests.key("B"))
    try await withStore(keys: SecretKeys(current: old)) { store in
      let id = try await store.add(draft()).id
      let rotated = ConnectionStore(
        database: store.database, keys: SecretKeys(current: new, retired: [old]))
      #expect(try await rotated.reseal() == 1)
      #expect(try await rotated.reseal() == 0)
      let after = ConnectionStore(database: store.database, keys: SecretKeys(current: new))
      #expect(try await after.secrets(of: id)?.text("refreshToken") == "r1")
      await #expect(throws: SecretError.self) { try await store.secrets(of: id) }
    }
  }

  @Test func `input 13: sixteen workers refresh a single-use token once`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let used = NIOLockedValueBox<[String]>([])
      let workers = (1...16).map { _ in
        OAuthTokens(store: store, connectionId: id, pause: .milliseconds(10)) {
          token, _ throws(MarketplaceError) in
          let count = used.withLockedValue { used in
            used.append(token)
            return used.count
          }
          await Task.yield()
          guard token == "r\(count)" else { throw .unauthorised("invalid_grant") }
          return TokenPair(
            accessToken: "access-\(count)", refreshToken: "r\(count + 1)", expiresAt: .now() + .seconds(3600))
        }
      }
      let headers = try await withThrowingTaskGroup(of: String.self) { group in
        for worker in workers { group.addTask { try await worker.header().value } }
        return try await group.reduce(into: Set<String>()) { $0.insert($1) }
      }
      #expect(headers == ["Bearer access-1"])
      #expect(used.withLockedValue { $0 } == ["r1"])
      // The marketplace refuses the token for all of them: again one refresh.
      try await withThrowingTaskGroup(of: Void.self) { group in
        for worker in workers {
          group.addTask {
            let isRenewed = try await worker.refused(
              AuthorisationHeader(name: "authorization", value: "Bearer access-1"))
            #expect(isRenewed)
          }
        }
        try await group.waitForAll()
      }
      #expect(used.withLockedValue { $0 } == ["r1", "r2"])
      #expect(try await store.secrets(of: id)?.text("refreshToken") == "r3")
    }
  }

  @Test func `input 13: a worker that was held up past its lease takes the pair that another has got`()
    async throws
  {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let held = OAuthTokens(store: store, connectionId: id, pause: .milliseconds(5)) {
        token, secrets throws(MarketplaceError) in
        var renewed = secrets
        TokenPair(accessToken: "other", refreshToken: "r2", expiresAt: .now() + .seconds(3600))
          .write(to: &renewed)
        do { _ = try await store.setSecrets(renewed, of: id) } catch { throw .network("\(error)") }
        throw .unauthorised("invalid_grant")
      }
      #expect(try await held.header().value == "Bearer other")
      #expect(try await store.secrets(of: id)?.text("refreshToken") == "r2")
    }
  }

  @Test func `new credentials win over a refresh that was under way`() async throws {
    try await withStore { store in
      let id = try await store.add(draft()).id
      let tokens = OAuthTokens(store: store, connectionId: id, pause: .milliseconds(5)) {
        _, _ throws(MarketplaceError) in
        do {
          _ = try await store.setSecrets(
            Secrets(["accessToken": "by-hand", "refreshToken": "new"]), of: id)
        } catch {
          throw .network("\(error)")
        }
        return TokenPair(accessToken: "late", refreshToken: "late", expiresAt: .now() + .seconds(3600))
      }
      let header = try await tokens.header()
      #expect(header.value == "Bearer by-hand")
    }
  }

  @Test func `without a refresh token the seller has to authorise again`() async throws {
    try await withStore { store in
      let id = try await store.add(draft("x", Secrets(["clientId": "c"]))).id
      let tokens = OAuthTokens(store: store, connectionId: id) { _, _ throws(MarketplaceError) in
        throw .network("not reached")
      }
      do {
        _ = try await tokens.header()
        Issue.record("no error")
      } catch let error as MarketplaceError {
        #expect(error.errorClass == .unauthorised)
      }
    }
  }
}
