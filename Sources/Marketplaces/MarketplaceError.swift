/// Why a marketplace did not do what it was asked, in one plain sentence without secrets.
package enum MarketplaceError: Error, Sendable, Equatable {
  /// It wants to be left alone; nil when it doesn't say how long.
  case rateLimited(retryAfter: Duration?)
  /// It is there but can't serve; `status` is its HTTP status.
  case unavailable(status: Int, retryAfter: Duration?)
  case unauthorised(String)
  case notFound(String)
  /// Its answer can't be read.
  case malformed(String)
  /// It refuses this request, and will refuse it again.
  case rejected(status: Int, String)
  /// The quantity to be replaced is not the one that was expected.
  case conflict(String)
  /// No answer at all.
  case network(String)
  /// We don't ask at all for this long: too many calls of this connection failed in this way.
  case breakerOpen(ErrorClass, remaining: Duration)
  /// The page starts at or before the cursor that was sent, so the feed would repeat itself for ever.
  case cursorIgnored(String)
  case unsupported(String)
}

/// The classes of errors; the raw value names them in tables, headers and metrics.
package enum ErrorClass: String, Sendable, Hashable, CaseIterable {
  case rateLimited = "rate_limited"
  case unavailable
  case unauthorised
  case notFound = "not_found"
  case malformed
  case rejected
  case conflict
  case network
  case breakerOpen = "breaker_open"
  case cursorIgnored = "cursor_ignored"
  case unsupported
}

extension MarketplaceError {
  package var errorClass: ErrorClass {
    switch self {
    case .rateLimited: .rateLimited
    case .unavailable: .unavailable
    case .unauthorised: .unauthorised
    case .notFound: .notFound
    case .malformed: .malformed
    case .rejected: .rejected
    case .conflict: .conflict
    case .network: .network
    case .breakerOpen: .breakerOpen
    case .cursorIgnored: .cursorIgnored
    case .unsupported: .unsupported
    }
  }

  /// How long the marketplace, or our breaker, wants us to wait; nil when nobody says.
  package var retryAfter: Duration? {
    switch self {
    case .rateLimited(let wait), .unavailable(_, let wait): wait
    case .breakerOpen(_, let remaining): remaining
    default: nil
    }
  }
}

extension MarketplaceError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .rateLimited(nil): "the marketplace limits our calls and does not say for how long"
    case .rateLimited(let wait?): "the marketplace limits our calls for \(wait.inSeconds) s"
    case .unavailable(let status, _): "the marketplace is not available (status \(status))"
    case .unauthorised(let text): "the marketplace does not accept the credentials: \(text)"
    case .notFound(let what): "the marketplace has no \(what)"
    case .malformed(let text): "the marketplace's answer can't be read: \(text)"
    case .rejected(let status, let text): "the marketplace refuses the request (status \(status)): \(text)"
    case .conflict(let text): "the marketplace's quantity is another than expected: \(text)"
    case .network(let text): "no answer from the marketplace: \(text)"
    case .breakerOpen(let cause, let remaining):
      "no calls for \(remaining.inSeconds) s after too many failures (\(cause.rawValue))"
    case .cursorIgnored(let text), .unsupported(let text): text
    }
  }
}

extension Duration {
  /// Whole seconds, rounded up, for people to read.
  package var inSeconds: Int64 {
    let (seconds, attoseconds) = components
    return attoseconds > 0 ? seconds + 1 : seconds
  }
}
