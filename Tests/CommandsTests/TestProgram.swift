import Commands
import Synchronization
import Testing

/// Runs commands as a shell would, and keeps what they wrote.
struct TestProgram {
  var environment: [String: String] = [:]
  var input = ""

  struct Outcome {
    var status: Int32
    /// Standard output and standard error, line by line.
    var printed: [String]
    var said: [String]
  }

  func run(_ arguments: String...) async -> Outcome { await run(arguments) }

  func run(_ arguments: [String]) async -> Outcome {
    let lines = Lines()
    let input = Array(self.input.utf8)
    let surroundings = Surroundings(
      environment: environment, directory: "/nowhere", print: { lines.append($0, toError: false) },
      say: { lines.append($0, toError: true) }, input: { input })
    let status = await Program.run(arguments, in: surroundings)
    return Outcome(status: status, printed: lines.printed, said: lines.said)
  }

  private final class Lines: Sendable {
    private let state = Mutex((printed: [String](), said: [String]()))
    var printed: [String] { state.withLock { $0.printed } }
    var said: [String] { state.withLock { $0.said } }

    func append(_ line: String, toError: Bool) {
      state.withLock { state in
        if toError { state.said.append(line) } else { state.printed.append(line) }
      }
    }
  }
}
