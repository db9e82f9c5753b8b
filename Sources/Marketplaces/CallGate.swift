/// Stands before every call of a connection: the shared token bucket and the breakers.
package protocol CallGate: Sendable {
  /// Returns when the call may be made; throws when it may not be made soon.
  func admit() async throws(MarketplaceError)
  /// Hears how the call ended; nil means well.
  func settle(_ failure: MarketplaceError?) async
}

/// What can wait while something else has to be asked: a letter to a buyer must not keep us from hearing of a sale.
package enum PatientCalls {
  /// Whether the calls of this task leave some of the allowance to others.
  @TaskLocal static var arePatient = false

  package static func run<T: Sendable>(_ body: () async throws -> T) async rethrows -> T {
    try await $arePatient.withValue(true) { try await body() }
  }
}

/// Lets everything pass, for marketplaces without limits and for tests.
package struct OpenGate: CallGate {
  package init() {}
  package func admit() async throws(MarketplaceError) {}
  package func settle(_ failure: MarketplaceError?) async {}
}
