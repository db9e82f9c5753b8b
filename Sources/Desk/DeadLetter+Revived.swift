import Lane
package import RabbitMQ

extension DeadLetter {
  /// Its properties for a new life: the same id, without the notes on its failures and the broker's own (a message
  /// that carries `x-death` round would be dropped as a cycle), one generation on (Rule 26).
  package var revived: Publishing {
    var properties = self.properties
    properties.headers =
      headers.filter { !LetterHeader.brokersOwn.contains($0.0) && !Self.notes.contains($0.0) }
      + [(LetterHeader.generation, .integer(Int64(generation) + 1))]
    return properties
  }

  private static let notes: Set<String> = [
    LetterHeader.queue, LetterHeader.attempts, LetterHeader.error, LetterHeader.errorClass,
    LetterHeader.fingerprint, LetterHeader.firstFailedAt, LetterHeader.deadAt, LetterHeader.build,
    LetterHeader.generation,
  ]
}
