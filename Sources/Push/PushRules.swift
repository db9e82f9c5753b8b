import Lane
import Marketplaces

/// The one table from a marketplace's error to what becomes of a write.
struct PushRules: Equatable {
  /// Whether the write may have been taken all the same: then it is read back before the next one (Rule 32).
  var mayHaveLanded: Bool
  var disposition: Disposition

  init(on error: MarketplaceError) {
    switch error {
    case .rateLimited(let wait):
      self.init(false, .delay(Self.failure(.rateLimited, error), notBefore: wait ?? .seconds(30)))
    // The marketplace is known to be in trouble; the job comes back when it may be tried again, however long that
    // takes, and then pushes what is so by then.
    case .breakerOpen(_, let remaining):
      self.init(false, .delay(Self.failure(.busy, error), notBefore: remaining))
    case .unavailable(_, let wait):
      self.init(true, .delay(Self.failure(.unavailable, error), notBefore: wait))
    case .network, .malformed: self.init(true, .delay(Self.failure(.unavailable, error)))
    case .conflict: self.init(false, .delay(Self.failure(.busy, error), notBefore: .seconds(5)))
    case .unauthorised: self.init(false, .delay(Self.failure(.unauthorised, error)))
    case .notFound, .rejected, .unsupported, .cursorIgnored:
      self.init(false, .deadLetter(Self.failure(.rejected, error)))
    }
  }

  private init(_ mayHaveLanded: Bool, _ disposition: Disposition) {
    self.mayHaveLanded = mayHaveLanded
    self.disposition = disposition
  }

  private static func failure(_ errorClass: Failure.Class, _ error: MarketplaceError) -> Failure {
    Failure(errorClass, place: "push", error.description)
  }

  /// Whether this was the last attempt, so that the next wish must publish a job of its own.
  func isLast(attempts: Int, of most: Int) -> Bool {
    switch disposition {
    case .deadLetter: true
    case .delay(let failure, _): failure.countsAsAttempt && attempts + 1 >= most
    case .ack, .wait: false
    }
  }
}
