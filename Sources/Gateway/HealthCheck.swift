/// One thing that must be well for a process to be ready.
package struct HealthCheck: Sendable {
  package let name: String
  /// nil when all is well, else why not in a few words.
  package let problem: @Sendable () async -> String?

  package init(_ name: String, problem: @escaping @Sendable () async -> String?) {
    self.name = name
    self.problem = problem
  }
}

extension [HealthCheck] {
  /// Asks all at once and gives each at most `limit`. Names to problems, nil when well.
  func results(limit: Duration = .seconds(3)) async -> [(name: String, problem: String?)] {
    let found = await withTaskGroup(of: (Int, String?).self) { group in
      for (index, check) in enumerated() {
        group.addTask { (index, await check.answer(within: limit)) }
      }
      return await group.reduce(into: [Int: String?]()) { $0[$1.0] = $1.1 }
    }
    return enumerated().map { ($1.name, found[$0] ?? nil) }
  }
}

extension HealthCheck {
  /// The check goes on by itself when it takes longer; only its answer is no longer waited for.
  fileprivate func answer(within limit: Duration) async -> String? {
    let (answers, answer) = AsyncStream.makeStream(of: String?.self)
    // Unstructured: a check that hangs in a library call can't be cancelled, and must not hold up the answer.
    let asking = Task { answer.yield(await problem()) }
    let waiting = Task {
      try? await Task.sleep(for: limit)
      answer.yield("no answer within \(limit.components.seconds) s")
    }
    defer {
      asking.cancel()
      waiting.cancel()
    }
    for await first in answers { return first }
    return nil
  }
}
