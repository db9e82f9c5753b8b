import JSON
import Testing

struct HelpTests {
  /// Every command below this one, with the words that lead to it.
  private func commands(_ json: JSON, under path: [String] = []) -> [(path: [String], command: JSON)] {
    let here = path + [json["commandName"].text ?? ""]
    return [(here, json)]
      + json["subcommands"].array.filter { $0["commandName"].text != "help" }
      .flatMap { commands($0, under: here) }
  }

  @Test func `every command explains itself with an example of its own`() async throws {
    let outcome = await TestProgram().run("--experimental-dump-help")
    let tree = try JSON.parse(outcome.printed.joined(separator: "\n"))["command"]
    let all = commands(tree)
    #expect(all.count > 30)
    for (path, command) in all {
      let name = path.joined(separator: " ")
      let discussion = command["discussion"].text ?? ""
      #expect(command["abstract"].text?.isEmpty == false, "\(name) has no abstract")
      let example = discussion.components(after: "EXAMPLE")
      #expect(
        example?.contains(path.count > 1 ? name : "crossdock") == true, "\(name) has no example of its own")
    }
  }

  @Test(arguments: ["bash", "zsh", "fish"])
  func `shells learn to complete commands and options`(shell: String) async {
    let outcome = await TestProgram().run("--generate-completion-script", shell)
    let script = outcome.printed.joined()
    #expect(outcome.status == 0 && script.contains("dlq") && script.contains("older-than"))
  }
}

extension String {
  fileprivate func components(after marker: String) -> Substring? {
    guard let range = firstRange(of: marker) else { return nil }
    return self[range.upperBound...]
  }
}
