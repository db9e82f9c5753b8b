package import RabbitMQ
package import Time

/// The headers that Crossdock gives to what it sends away from a queue (CONTRACT section 3).
package enum LetterHeader {
  package static let queue = "x-crossdock-queue"
  package static let attempts = "x-crossdock-attempts"
  package static let error = "x-crossdock-error"
  package static let errorClass = "x-crossdock-error-class"
  package static let fingerprint = "x-crossdock-fingerprint"
  package static let firstFailedAt = "x-crossdock-first-failed-at"
  package static let deadAt = "x-crossdock-dead-at"
  package static let build = "x-crossdock-build"
  package static let generation = "x-crossdock-generation"
  package static let publishedAt = "x-crossdock-published-at"

  /// What the broker notes on its own account. Republished with it, a message that goes round would be taken for a
  /// cycle and dropped in silence.
  package static let brokersOwn: Set<String> = [
    "x-death", "x-first-death-queue", "x-first-death-reason", "x-first-death-exchange", "x-last-death-queue",
    "x-last-death-reason", "x-last-death-exchange", "x-delivery-count",
  ]

  /// The headers of a delivery that failed: what it carried, less the broker's notes, and ours.
  package static func failed(
    _ delivery: Delivery, queue: String, failure: Failure, attempts: Int, at now: Timestamp, build: String,
    isDead: Bool
  ) -> [(String, HeaderValue)] {
    let first = delivery.header(firstFailedAt)?.text ?? now.description
    var ours: [(String, HeaderValue)] = [
      (Self.queue, .text(queue)), (Self.attempts, .integer(Int64(attempts))),
      (error, .text(shortened(failure.message))), (errorClass, .text(failure.errorClass.rawValue)),
      (fingerprint, .text(failure.fingerprint)), (firstFailedAt, .text(first)), (Self.build, .text(build)),
    ]
    if isDead { ours.append((deadAt, .text(now.description))) }
    let replaced = Set(ours.map(\.0))
    let kept = delivery.headers.filter { !brokersOwn.contains($0.0) && !replaced.contains($0.0) }
    return kept + ours
  }

  /// At most 1 kB of UTF-8, cut between characters.
  static func shortened(_ text: String) -> String {
    guard text.utf8.count > 1024 else { return text }
    var short = ""
    for character in text {
      guard short.utf8.count + character.utf8.count <= 1020 else { break }
      short.append(character)
    }
    return short + "…"
  }
}
