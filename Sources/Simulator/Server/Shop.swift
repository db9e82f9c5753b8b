package import JSON
package import Time

/// One account on one marketplace: the market behind it and the language in front of it.
///
/// A shop is a value that never touches a socket. A new marketplace is a folder with a type like this.
package protocol Shop: Sendable {
  /// The account's name, as in "allegro-live".
  var name: String { get }
  /// As in "allegro".
  var platform: String { get }
  /// "documented" or "live"; nil where the marketplace has one language only.
  var dialect: String? { get }
  /// The first parts of the path, as in "allegro/live".
  var prefix: String { get }
  /// Of all its money.
  var currency: String { get }
  var market: Market { get set }
  /// What a connection needs to come in, as the secrets of `crossdock connections add`.
  var credentials: JSON { get }
  /// Answers a request; the market has been advanced to `now`.
  mutating func answer(_ request: Request, at now: Timestamp) -> Response
  /// What a fault looks like here, when it has a body of its own; nil for the usual one.
  func refusal(_ status: Int, of request: Request, at now: Timestamp) -> Response
  /// Delivers its webhooks to that address from now on.
  mutating func subscribeToAll(at url: String)
  /// The webhooks of what has happened since it was asked last.
  mutating func webhooks(at now: Timestamp) -> [OutgoingWebhook]
  /// What was written to buyers through it.
  var letters: [Letter] { get }
  /// Whether a lost answer to this request would be lost for ever, as with a single-use token: then faults
  /// come before its effect only.
  func isUnrepeatable(_ request: Request) -> Bool
  /// How the platform writes the id of a listing.
  func externalId(of listing: Listing) -> String
  /// How the platform writes the id of an order.
  func externalId(of order: Order) -> String
  /// How the platform writes the id of an order's line.
  func externalId(of line: Line) -> String
  /// The same where a line's id counts within its order only.
  func externalId(of line: Line, in order: Order) -> String
}

/// A message that a buyer has received.
package struct Letter: Sendable, Equatable {
  /// The buyer's name at the marketplace.
  var buyer: String
  var text: String
  var sentAt: Timestamp
}

extension Shop {
  package var letters: [Letter] { [] }
  package mutating func subscribeToAll(at url: String) {}
  package mutating func webhooks(at now: Timestamp) -> [OutgoingWebhook] { [] }
  package func externalId(of listing: Listing) -> String { String(listing.id) }
  package func externalId(of order: Order) -> String { order.id.description }
  package func externalId(of line: Line) -> String { line.id.description }
  package func externalId(of line: Line, in order: Order) -> String { externalId(of: line) }
}
