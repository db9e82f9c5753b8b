/// Where the header that proves who we are comes from.
package protocol Authorisation: Sendable {
  /// The header for the next call.
  func header() async throws(MarketplaceError) -> AuthorisationHeader
  /// Hears that the marketplace refused a header; true when another one is worth one more try.
  func refused(_ header: AuthorisationHeader) async throws(MarketplaceError) -> Bool
}

/// A header that proves who we are. It prints without its value.
package struct AuthorisationHeader: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
  package var name: String
  package var value: String

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  package var description: String { "\(name): ***" }
  package var customMirror: Mirror { Mirror(self, children: ["name": name]) }
}

/// A header that never changes.
package struct FixedAuthorisation: Authorisation {
  let fixed: AuthorisationHeader

  package init(_ header: AuthorisationHeader) {
    fixed = header
  }

  package func header() async throws(MarketplaceError) -> AuthorisationHeader { fixed }
  package func refused(_ header: AuthorisationHeader) async throws(MarketplaceError) -> Bool { false }
}
