import HTTPTypes
import Hummingbird
import JSON
import NIOCore
import Postgres

extension Problem {
  /// The one table from what a route throws to what its caller is told; nil for what only the log may say.
  init?(_ error: any Error) {
    switch error {
    case let problem as Problem: self = problem
    case let error as PostgresError: self.init(error)
    case let error as JSONError: self.init(.badRequest, "the body is \(error)")
    case is NIOTooManyBytesError: self.init(.contentTooLarge, "the body is too large")
    case let error as HTTPError:
      self.init(error.status, error.body ?? error.status.reasonPhrase, headers: error.headers)
    case is CancellationError: self = .unavailable("the gateway is about to stop", retryAfter: 5)
    default: return nil
    }
  }

  private init?(_ error: PostgresError) {
    switch error.kind {
    case .unavailable: self = .unavailable("the database can't be reached", retryAfter: 5)
    case .aborted: self = .unavailable("the database is busy", retryAfter: 1)
    case .data where error.sqlState == "22021" || error.sqlState == "22P05":
      self.init(.badRequest, "a text holds characters that can't be stored")
    case .data, .other: return nil
    }
  }
}
