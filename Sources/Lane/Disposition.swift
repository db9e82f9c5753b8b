package import Events

/// What becomes of a delivery.
package enum Disposition: Sendable, Hashable {
  /// Its effect is committed, or it has none.
  case ack
  /// Comes back by a delay queue; `notBefore` is what the other side asked for, if it did.
  case delay(Failure, notBefore: Duration? = nil)
  /// Goes to the queue's dead letters.
  case deadLetter(Failure)
  /// Stays in hand until what it needs is back; nothing is counted against it.
  case wait(Failure)
}

/// Why a delivery was not handled: a class for the operator's groups, the place, and one plain sentence.
package struct Failure: Error, Sendable, Hashable, CustomStringConvertible {
  /// Closed set, because operators group, alert and write runbooks by it.
  package enum Class: String, Sendable, CaseIterable {
    case badEvent = "bad_event"
    case badData = "bad_data"
    case unknownConnection = "unknown_connection"
    case rateLimited = "rate_limited"
    case unavailable
    /// Somebody else is at it; comes again, and is no failure.
    case busy
    case unauthorised
    case rejected
    case crashedWorker = "crashed_worker"
    case exhausted
    case `internal`
  }

  package var errorClass: Class
  /// Where it happened, a short stable word: `decode`, `book`, a constraint's name.
  package var place: String
  /// At most 1 kB when it travels as a header.
  package var message: String
  /// Whether the attempt counts against `CROSSDOCK_MAX_ATTEMPTS`; waiting for
  /// a rate limit or for somebody else does not.
  package var countsAsAttempt: Bool { errorClass != .rateLimited && errorClass != .busy }

  package init(_ errorClass: Class, place: String, _ message: String) {
    self.errorClass = errorClass
    self.place = place
    self.message = message
  }

  /// A body that is no event. The place is the mistake without its numbers and quoted bytes, so that one mistake of a
  /// producer makes one group.
  package init(_ error: EventError) {
    self.init(.badEvent, place: Self.generic(error.mistake), "\(error)")
  }

  private static func generic(_ sentence: String) -> String {
    var place = ""
    var isQuoted = false
    for character in sentence.prefix(200) {
      if character == "'" { isQuoted.toggle() }
      if isQuoted && character != "'" { continue }
      if !(character.isNumber && place.last == "#") { place.append(character.isNumber ? "#" : character) }
    }
    return place
  }

  /// Class and place: what the desk groups by. Numbers and ids in the message don't split a group.
  package var fingerprint: String { "\(errorClass.rawValue)/\(place)" }
  package var description: String { message }
}
