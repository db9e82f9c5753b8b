import Commands
import NIOConcurrencyHelpers
import Testing

/// A command line of `crossdock` that stands in a file.
enum Invocation {
  /// What the command line ends with when nothing is configured: 78 or 0 when it is understood, 64 when the binary
  /// doesn't know it.
  static func status(_ arguments: [String]) async -> Int32 { await run(arguments).status }

  /// Whether the binary knows a command line, or the command that is named without what it needs.
  static func isKnown(_ arguments: [String]) async -> Bool {
    let (status, words) = await run(arguments)
    // A file that a document names is not there.
    if status != 64 || words.contains("can't be read") { return true }
    let isBare = !arguments.contains { $0.hasPrefix("-") }
    return isBare
      ? await run(arguments + ["--help"]).words.contains(
        "USAGE: crossdock \(arguments.joined(separator: " ")) ") : false
  }

  private static func run(_ arguments: [String]) async -> (status: Int32, words: String) {
    let lines = NIOLockedValueBox("")
    let note: @Sendable (String) -> Void = { line in lines.withLockedValue { $0 += line + "\n" } }
    let surroundings = Surroundings(environment: [:], directory: "/nowhere", print: note, say: note)
    let status = await Program.run(arguments, in: surroundings)
    return (status, lines.withLockedValue { $0 })
  }

  /// The roles that `crossdock worker` says it has.
  static func roles() async throws -> [String] {
    let help = await run(["worker", "--help"]).words.split(whereSeparator: \.isWhitespace).joined(
      separator: " ")
    let values = try #require(help.firstMatch(of: /\(values: ([^)]*)\)/))
    return values.1.split(separator: ",").map { $0.filter { $0 != " " } }
  }

  /// The arguments of each `crossdock …` in a Markdown text: lines of fenced blocks, and what stands in backticks.
  static func all(inMarkdown text: String) -> [[String]] {
    code(inMarkdown: text).flatMap { commands(in: $0) }.compactMap { words in
      let own = words.drop { $0 == "sudo" || $0.contains(/^[A-Z_]+=/) }
      // `crossdock …` stands for any of its commands.
      guard own.first == "crossdock", own.count > 1, !own.contains("…") else { return nil }
      return Array(own.dropFirst())
    }
  }

  /// Lines of fenced blocks, and what stands in backticks.
  static func code(inMarkdown text: String) -> [String] {
    var found: [String] = []
    var isFenced = false
    for line in text.split(whereSeparator: \.isNewline) {
      if line.drop(while: { $0 == " " }).hasPrefix("```") {
        isFenced.toggle()
      } else if isFenced {
        found.append(String(line))
      } else {
        let pieces = line.split(separator: "`", omittingEmptySubsequences: false)
        found += pieces.enumerated().filter { $0.offset % 2 == 1 }.map { String($0.element) }
      }
    }
    return found
  }

  /// The commands of a line as a shell would part them, each as its words without quotes; what follows `>` is a file.
  static func commands(in line: String) -> [[String]] {
    var commands: [[String]] = [[]]
    var word: String?
    var quote: Character?
    func end() {
      if let word { commands[commands.count - 1].append(word) }
      word = nil
    }
    for character in line {
      switch character {
      case quote: quote = nil
      case _ where quote != nil: word = (word ?? "") + String(character)
      case "'", "\"":
        quote = character
        word = word ?? ""
      case "#" where word == nil:
        return commands
      case "&", "|", ";", "(", ")", ">":
        end()
        commands.append([])
      case " ": end()
      default: word = (word ?? "") + String(character)
      }
    }
    end()
    return commands
  }
}
