/// Stands before every call of a connection: the shared token bucket and the breakers.
package protocol CallGate: Sendable {
  /// Returns when the call may be made; throws when it may not be made soon.
  func admit() async throws(MarketplaceError)
  /// Hears how the call ended; nil means well.
  func settle(_ failure: MarketplaceError?) async
}

/// Lets everything pass, for marketplaces without limits and for tests.
package struct OpenGate: CallGate {
  package init() {}
  package func admit() async throws(MarketplaceError) {}
  package func settle(_ failure: MarketplaceError?) async {}
}
