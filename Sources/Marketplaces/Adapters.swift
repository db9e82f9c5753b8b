package import Events
import NIOConcurrencyHelpers

import struct Foundation.UUID

/// Finds the adapter of a connection, and keeps it as long as the connection stays as it is, because an adapter
/// remembers its token and its handful of calls.
package final class Adapters: Sendable {
  /// Makes the adapter of a connection of one platform.
  package typealias Make = @Sendable (MarketplaceConnection) -> any MarketplaceAdapter

  private let makers: [Platform: Make]
  private let kept = NIOLockedValueBox<
    [UUID: (connection: MarketplaceConnection, adapter: any MarketplaceAdapter)]
  >([:])

  package init(_ makers: [Platform: Make]) {
    self.makers = makers
  }

  package func adapter(
    for connection: MarketplaceConnection
  ) throws(MarketplaceError) -> any MarketplaceAdapter {
    if let known = kept.withLockedValue({ $0[connection.id] }), known.connection.isSameAccount(as: connection)
    {
      return known.adapter
    }
    guard let make = makers[connection.platform] else {
      throw .unsupported("there is no adapter for \(connection.platform.rawValue) yet")
    }
    let adapter = make(connection)
    kept.withLockedValue { $0[connection.id] = (connection, adapter) }
    return adapter
  }
}

extension MarketplaceConnection {
  /// Whether an adapter made for one serves the other; rules and refreshed tokens don't matter to it.
  func isSameAccount(as other: MarketplaceConnection) -> Bool {
    id == other.id && baseURL == other.baseURL && dialect == other.dialect && mode == other.mode
  }
}
