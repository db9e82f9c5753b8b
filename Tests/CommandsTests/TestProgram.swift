import Commands
import Dispatch
import Synchronization
import Testing

/// Runs commands as a shell would, and keeps what they wrote.
struct TestProgram {
  var environment: [String: String] = [:]
  var input = ""
  /// Sees every line of standard output as it is written.
  var watch: @Sendable (String) -> Void = { _ in }
  /// The next line that a person types; it may take its time.
  var typed: @Sendable () -> String? = { nil }

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
      environment: environment, directory: "/nowhere",
      print: { [watch] in
        lines.append($0, toError: false)
        watch($0)
      },
      say: { lines.append($0, toError: true) }, input: { input }, readLine: typed)
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

/// A person who types one line, some time.
final class Keyboard: Sendable {
  private let line = Mutex<String?>(nil)
  private let typed = DispatchSemaphore(value: 0)

  func type(_ text: String) {
    line.withLock { $0 = text }
    typed.signal()
    typed.signal()
  }

  /// Waits for the line; nil once it was read.
  func readLine() -> String? {
    typed.wait()
    return line.withLock { line in
      defer { line = nil }
      return line
    }
  }
}
