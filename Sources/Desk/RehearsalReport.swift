package import JSON
import Lane

/// What a rehearsal came to, by group. A pure value.
package struct RehearsalReport: Sendable, Equatable {
  package struct Line: Sendable, Equatable {
    package let fingerprint: String
    package var passing = 0
    package var comingAgain = 0
    package var dying = 0
    package var unknown = 0
    /// Why one of them would not pass.
    package var example: String?
  }

  private var lines: [String: Line] = [:]

  package init() {}

  package mutating func add(_ letter: DeadLetter, _ verdict: Verdict) {
    var line = lines[letter.fingerprint] ?? Line(fingerprint: letter.fingerprint)
    switch verdict {
    case .passes, .hadItsEffect: line.passing += 1
    case .comesAgain: line.comingAgain += 1
    case .dies: line.dying += 1
    case .unknown: line.unknown += 1
    }
    line.example = line.example ?? verdict.failure?.message
    lines[letter.fingerprint] = line
  }

  /// The most letters first.
  package var sorted: [Line] {
    lines.values.sorted { ($1.count, $0.fingerprint) < ($0.count, $1.fingerprint) }
  }

  package var json: JSON {
    .array(
      sorted.map { line in
        [
          "fingerprint": .string(line.fingerprint), "passing": .integer(line.passing),
          "coming_again": .integer(line.comingAgain), "dying": .integer(line.dying),
          "unknown": .integer(line.unknown), "example": .text(line.example),
        ]
      })
  }
}

extension RehearsalReport.Line {
  package var count: Int { passing + comingAgain + dying + unknown }
}
