import Foundation

/// What a command has around itself: the environment and the three streams. Tests bring their own.
package struct Surroundings: Sendable {
  package var environment: [String: String]
  /// The working directory, where `.env` is looked for.
  package var directory: String
  /// Writes one line of the answer to standard output.
  package var print: @Sendable (String) -> Void
  /// Writes one line for the person to standard error.
  package var say: @Sendable (String) -> Void
  /// All of standard input.
  package var input: @Sendable () -> [UInt8]
  /// One line that the person types; nil at the end.
  package var readLine: @Sendable () -> String?

  package init(
    environment: [String: String], directory: String, print: @escaping @Sendable (String) -> Void,
    say: @escaping @Sendable (String) -> Void, input: @escaping @Sendable () -> [UInt8] = { [] },
    readLine: @escaping @Sendable () -> String? = { nil }
  ) {
    self.environment = environment
    self.directory = directory
    self.print = print
    self.say = say
    self.input = input
    self.readLine = readLine
  }

  @TaskLocal package static var current = Surroundings.process

  /// Those of the process itself.
  package static let process = Surroundings(
    environment: ProcessInfo.processInfo.environment,
    directory: FileManager.default.currentDirectoryPath,
    print: { StandardStream(descriptor: STDOUT_FILENO).printLine($0) },
    say: { _ = StandardStream(descriptor: STDERR_FILENO).write($0 + "\n") },
    input: { Array(FileHandle.standardInput.readDataToEndOfFile()) },
    readLine: { Swift.readLine() })
}

/// Writes one line of the answer to standard output.
func print(_ line: String) { Surroundings.current.print(line) }

/// Writes one line for the person to standard error.
func say(_ line: String) { Surroundings.current.say(line) }
