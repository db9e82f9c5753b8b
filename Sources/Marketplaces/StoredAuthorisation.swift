import NIOConcurrencyHelpers

package import struct Foundation.UUID

/// A header made of the connection's stored credentials, read once and again when the marketplace refuses it: somebody
/// may have rotated them.
package final class StoredAuthorisation: Authorisation {
  /// Makes the header; nil when a credential is missing.
  package typealias Make = @Sendable (Secrets) -> AuthorisationHeader?

  private let store: ConnectionStore
  private let connectionId: UUID
  private let make: Make
  private let kept = NIOLockedValueBox<AuthorisationHeader?>(nil)

  package init(store: ConnectionStore, connectionId: UUID, make: @escaping Make) {
    self.store = store
    self.connectionId = connectionId
    self.make = make
  }

  package func header() async throws(MarketplaceError) -> AuthorisationHeader {
    if let known = kept.withLockedValue({ $0 }) { return known }
    let secrets: Secrets?
    do { secrets = try await store.secrets(of: connectionId) } catch let error as SecretError {
      throw .unauthorised(error.description)
    } catch {
      throw .network("the credentials can't be read: \(error)")
    }
    guard let header = secrets.flatMap(make) else {
      throw .unauthorised("the connection lacks a credential: `crossdock connections rotate-secret` sets it")
    }
    kept.withLockedValue { $0 = header }
    return header
  }

  package func refused(_ header: AuthorisationHeader) async throws(MarketplaceError) -> Bool {
    kept.withLockedValue { $0 = nil }
    return try await self.header() != header
  }
}
