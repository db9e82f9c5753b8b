package import JSON
package import Time

/// An HTTP answer, whatever its status.
package struct MarketplaceAnswer: Sendable, Equatable {
  package var status: Int
  /// Names in lower case; of a repeated header the first value.
  package var headers: [String: String]
  package var body: [UInt8]

  package init(status: Int, headers: [String: String] = [:], body: [UInt8] = []) {
    self.status = status
    self.headers = headers
    self.body = body
  }

  /// The `Date` header: the marketplace's clock.
  package var date: Timestamp? {
    headers["date"].flatMap { Timestamp(httpDate: $0) }
  }
}

/// The JSON of a good answer.
package struct JSONAnswer: Sendable, Equatable {
  package var json: JSON
  /// The marketplace's clock; ours where the answer has no `Date`.
  package var date: Timestamp
  package var headers: [String: String]

  package init(json: JSON, date: Timestamp, headers: [String: String] = [:]) {
    self.json = json
    self.date = date
    self.headers = headers
  }
}

/// Carries one call to a marketplace and brings back the answer; it knows nothing of credentials or limits.
package protocol MarketplaceTransport: Sendable {
  /// Fails only when there is no answer. It never repeats a call.
  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer
}
