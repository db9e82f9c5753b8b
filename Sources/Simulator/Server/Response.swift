package import JSON
package import Time

/// What a shop answers.
package struct Response: Sendable {
  package var status: Int
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]
  /// When the state that it tells of was read: its `Date` header.
  package var readAt: Timestamp
  /// How it gets to the client.
  package var passage = Passage.whole

  package init(
    _ status: Int, headers: [(name: String, value: String)] = [], body: [UInt8] = [], readAt: Timestamp
  ) {
    (self.status, self.headers, self.body, self.readAt) = (status, headers, body, readAt)
  }

  /// How a response travels.
  package enum Passage: Equatable, Sendable {
    case whole
    case slow(Duration)
    /// The connection ends in the middle of the body.
    case truncated
    /// The connection ends before the first byte.
    case cut
  }

  /// The first header of that name, in any case.
  package func header(_ name: String) -> String? {
    headers.first { $0.name.lowercased() == name.lowercased() }?.value
  }

  /// The body as JSON; null when it is none.
  package var json: JSON { (try? JSON.parse(body)) ?? .null }
}
