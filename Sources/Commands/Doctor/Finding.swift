import JSON

/// One thing that was looked at.
struct Finding: Sendable, Equatable {
  enum State: Sendable, Equatable {
    /// With what was found.
    case fine(String)
    /// With the remedy.
    case problem(String)
    /// Why it could not be looked at, and how it could.
    case unknown(String)
  }

  var subject: String
  var state: State

  var isProblem: Bool { if case .problem = state { true } else { false } }

  var line: String {
    switch state {
    case .fine(let detail): "ok    \(subject)\(detail.isEmpty ? "" : ": " + detail)"
    case .problem(let text): "FAIL  \(subject): \(text)"
    case .unknown(let text): "?     \(subject): \(text)"
    }
  }

  var json: JSON {
    switch state {
    case .fine(let detail): json("ok", detail: detail, problem: nil)
    case .problem(let text): json("fail", detail: "", problem: text)
    case .unknown(let text): json("unknown", detail: text, problem: nil)
    }
  }

  private func json(_ state: String, detail: String, problem: String?) -> JSON {
    [
      "subject": .string(subject), "state": .string(state), "detail": .string(detail),
      "problem": .text(problem),
    ]
  }

  /// Fine unless `look` throws; what it throws is the problem.
  static func of(_ subject: String, _ look: () async throws -> String) async -> Finding {
    do {
      return Finding(subject: subject, state: .fine(try await look()))
    } catch {
      return Finding(subject: subject, state: .problem(Failure(error)?.sentence ?? "\(error)"))
    }
  }

  /// A line for each problem, or one that says that all is well.
  static func all(_ subject: String, _ problems: [String], fine: String) -> [Finding] {
    problems.isEmpty
      ? [Finding(subject: subject, state: .fine(fine))]
      : problems.map { Finding(subject: subject, state: .problem($0)) }
  }
}
