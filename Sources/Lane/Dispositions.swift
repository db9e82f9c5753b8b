import Events
import Postgres

/// The one table from an error to what becomes of its delivery.
package enum Dispositions {
  package static func disposition(for error: any Error) -> Disposition {
    switch error {
    case let failure as Failure: disposition(for: failure)
    case let error as EventError: .deadLetter(Failure(error))
    case let error as PostgresError: disposition(for: error)
    default: .deadLetter(Failure(.internal, place: "handler", "\(error)"))
    }
  }

  private static func disposition(for failure: Failure) -> Disposition {
    switch failure.errorClass {
    case .rateLimited, .unavailable, .busy, .unauthorised: .delay(failure)
    case .badEvent, .badData, .unknownConnection, .rejected, .crashedWorker, .exhausted, .internal:
      .deadLetter(failure)
    }
  }

  private static func disposition(for error: PostgresError) -> Disposition {
    switch error.kind {
    case .unavailable, .aborted: .wait(Failure(.unavailable, place: "database", "\(error)"))
    case .data:
      .deadLetter(Failure(.badData, place: error.constraint ?? error.sqlState ?? "data", "\(error)"))
    case .other: .deadLetter(Failure(.internal, place: error.sqlState ?? "database", "\(error)"))
    }
  }
}
