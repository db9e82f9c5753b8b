import Marketplaces
import NIOConcurrencyHelpers

import struct Foundation.UUID

/// A connection with what its webhooks are checked with.
struct WebhookAccount: Sendable {
  var connection: MarketplaceConnection
  var secrets: Secrets
}

/// The connections that webhooks come for, read from the database every half minute at most. It also counts what each
/// sends.
final class WebhookAccounts: Sendable {
  private let store: ConnectionStore
  private let state = NIOLockedValueBox(State())

  private struct State {
    var entries: [UUID: Entry] = [:]
    var windows: [UUID: RateWindow] = [:]
  }

  private struct Entry {
    /// Nil when there is no such connection: strangers don't make us ask again and again.
    var account: WebhookAccount?
    var readAt: ContinuousClock.Instant
  }

  static let lifetime = Duration.seconds(30)
  private static let capacity = 20_000

  init(store: ConnectionStore) {
    self.store = store
  }

  /// The account of that id; nil when there is none. `fresh`: one that was read just now, for whoever finds that its
  /// secret doesn't fit, which may have been changed.
  func account(_ id: UUID, fresh: Bool = false) async throws -> WebhookAccount? {
    let patience = fresh ? Duration.seconds(1) : Self.lifetime
    let now = ContinuousClock.now
    if let known = state.withLockedValue({ $0.entries[id] }), now - known.readAt < patience {
      return known.account
    }
    let account = try await read(id)
    state.withLockedValue { state in
      if state.entries.count >= Self.capacity {
        state.entries = state.entries.filter { now - $0.value.readAt < Self.lifetime }
        if state.entries.count >= Self.capacity { state.entries.removeAll() }
      }
      state.entries[id] = Entry(account: account, readAt: now)
    }
    return account
  }

  private func read(_ id: UUID) async throws -> WebhookAccount? {
    guard let connection = try await store.find(id) else { return nil }
    return WebhookAccount(connection: connection, secrets: try await store.secrets(of: id) ?? Secrets())
  }

  /// Counts a webhook of a connection; answers after how many seconds to come again when it sends too many.
  func admit(_ id: UUID, limit: Int) -> Int? {
    let now = ContinuousClock.now
    return state.withLockedValue { state in
      if state.windows.count >= Self.capacity {
        state.windows = state.windows.filter { !$0.value.isOver(at: now) }
      }
      return state.windows[id, default: RateWindow(at: now)].admit(limit: limit, at: now)
    }
  }
}
