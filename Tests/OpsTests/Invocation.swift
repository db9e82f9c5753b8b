import Commands
import NIOConcurrencyHelpers
import Testing

/// A command line of `crossdock` that stands in a file.
enum Invocation {
  /// What the command line ends with when nothing is configured: 78 or 0 when it is understood, 64 when the binary
  /// doesn't know it.
  static func status(_ arguments: [String]) async -> Int32 {
    let surroundings = Surroundings(environment: [:], directory: "/nowhere", print: { _ in }, say: { _ in })
    return await Program.run(arguments, in: surroundings)
  }

  /// The roles that `crossdock worker` says it has.
  static func roles() async throws -> [String] {
    let lines = NIOLockedValueBox("")
    let surroundings = Surroundings(
      environment: [:], directory: "/nowhere", print: { line in lines.withLockedValue { $0 += line + " " } },
      say: { _ in })
    _ = await Program.run(["worker", "--help"], in: surroundings)
    let help = lines.withLockedValue { $0 }.split(whereSeparator: \.isWhitespace).joined(separator: " ")
    let values = try #require(help.firstMatch(of: /\(values: ([^)]*)\)/))
    return values.1.split(separator: ",").map { $0.filter { $0 != " " } }
  }

  /// The arguments of each `crossdock …` in a Markdown text: lines of fenced blocks, and what stands in backticks.
  static func all(inMarkdown text: String) -> [[String]] {
    var found: [[String]] = []
    var isFenced = false
    for line in text.split(whereSeparator: \.isNewline) {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isFenced.toggle()
      } else if isFenced {
        found += [arguments(String(line))].compactMap { $0 }
      } else {
        let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
        found += pieces.enumerated().filter { $0.offset % 2 == 1 }.compactMap {
          arguments(String($0.element))
        }
      }
    }
    return found
  }

  private static func arguments(_ line: String) -> [String]? {
    let words = line.split(separator: " ").map(String.init)
    guard words.first == "crossdock", words.count > 1 else { return nil }
    return Array(words.dropFirst())
  }
}
