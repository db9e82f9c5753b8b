import NIOConcurrencyHelpers
import Time

package import struct Foundation.UUID

/// The bearer token of a connection whose refresh token works only once.
///
/// Whoever holds the lease refreshes; everybody else waits and reads again, because a second refresh would kill the
/// pair that the first has just got. The new pair is kept before anybody uses it.
package final class OAuthTokens: Authorisation {
  /// Trades a refresh token for a new pair.
  package typealias Refresh =
    @Sendable (_ refreshToken: String, _ secrets: Secrets) async throws(MarketplaceError) -> TokenPair

  private let store: ConnectionStore
  private let connectionId: UUID
  private let refresh: Refresh
  private let cached = NIOLockedValueBox<TokenPair?>(nil)
  private let pause: Duration
  private let patience: Int

  /// `pause` is the time between two looks while another worker refreshes, `patience` how many there are.
  package init(
    store: ConnectionStore, connectionId: UUID, pause: Duration = .milliseconds(250), patience: Int = 200,
    refresh: @escaping Refresh
  ) {
    self.store = store
    self.connectionId = connectionId
    self.pause = pause
    self.patience = patience
    self.refresh = refresh
  }

  package func header() async throws(MarketplaceError) -> AuthorisationHeader {
    if let pair = cached.withLockedValue({ $0 }), pair.isFresh(at: .now()) { return Self.header(of: pair) }
    return Self.header(of: try await current(butNot: nil))
  }

  /// Another worker may have refreshed meanwhile; if not, it is done now.
  package func refused(_ header: AuthorisationHeader) async throws(MarketplaceError) -> Bool {
    cached.withLockedValue { $0 = nil }
    return Self.header(of: try await current(butNot: header)) != header
  }

  private static func header(of pair: TokenPair) -> AuthorisationHeader {
    AuthorisationHeader(name: "authorization", value: "Bearer " + pair.accessToken)
  }

  /// The stored pair if it is good, else a refreshed one.
  private func current(butNot refused: AuthorisationHeader?) async throws(MarketplaceError) -> TokenPair {
    for _ in 0..<patience {
      let kept = try await kept()
      if let pair = TokenPair(secrets: kept.secrets), pair.isFresh(at: .now()),
        Self.header(of: pair) != refused
      {
        cached.withLockedValue { $0 = pair }
        return pair
      }
      guard let refreshToken = kept.secrets.text("refreshToken") else {
        throw .unauthorised(
          "the access token is refused or over, and there is no refresh token: `crossdock connections authorize` brings one"
        )
      }
      if let pair = try await refreshAlone(refreshToken, kept) { return pair }
      try await rest()
    }
    throw .network("another worker has been refreshing the tokens for too long")
  }

  /// Nil when another worker holds the lease, or has changed the pair before we got it.
  private func refreshAlone(
    _ refreshToken: String, _ seen: KeptSecrets
  ) async throws(MarketplaceError) -> TokenPair? {
    let lease = TokenLease(store: store, connectionId: connectionId)
    guard let token = try await stored({ try await lease.acquire() }) else { return nil }
    do throws(MarketplaceError) {
      guard try await kept().sealed == seen.sealed else {
        try await stored { try await lease.release(token) }
        return nil
      }
      let pair = try await refresh(refreshToken, seen.secrets)
      return try await keep(pair, seen, lease, token)
    } catch {
      // Best effort: an unreleased lease runs out by itself.
      try? await lease.release(token)
      // A worker that was held up past its lease finds the refresh token used by another, and the new pair kept.
      if case .unauthorised = error, let now = try? await kept(), now.sealed != seen.sealed { return nil }
      throw error
    }
  }

  /// Keeps a new pair before it is used. It is the only one that works from now on, so a database that is away for
  /// a moment is asked again.
  private func keep(
    _ pair: TokenPair, _ seen: KeptSecrets, _ lease: TokenLease, _ token: UUID
  ) async throws(MarketplaceError) -> TokenPair? {
    var secrets = seen.secrets
    pair.write(to: &secrets)
    let renewed = secrets
    for attempt in 1... {
      do throws(MarketplaceError) {
        let isKept = try await stored({ try await lease.complete(token, replacing: seen, with: renewed) })
        guard isKept else { return nil }
        cached.withLockedValue { $0 = pair }
        return pair
      } catch {
        guard attempt < patience else { throw error }
        try await rest()
      }
    }
    return nil
  }

  private func rest() async throws(MarketplaceError) {
    do { try await Task.sleep(for: pause) } catch { throw .network("cancelled") }
  }

  private func kept() async throws(MarketplaceError) -> KeptSecrets {
    guard let kept = try await stored({ [store, connectionId] in try await store.kept(of: connectionId) })
    else { throw .unauthorised("the connection has no credentials") }
    return kept
  }

  private func stored<T: Sendable>(
    _ body: @Sendable () async throws -> T
  ) async throws(MarketplaceError) -> T {
    do {
      return try await body()
    } catch let error as SecretError {
      throw .unauthorised(error.description)
    } catch {
      throw .network("the credentials can't be read or kept: \(error)")
    }
  }
}
