import ArgumentParser
import JSON
import Polling
import Settings

/// Options that every command which needs settings has.
struct SettingsOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "A file of NAME=value lines; the environment goes before it. When not given: CROSSDOCK_CONFIG.",
      valueName: "file"))
  var config: String?

  func load() throws -> Settings {
    let surroundings = Surroundings.current
    let named = surroundings.environment["CROSSDOCK_CONFIG"].flatMap { $0.isEmpty ? nil : $0 }
    return try Settings.load(
      environment: surroundings.environment, configFile: config ?? named, directory: surroundings.directory,
      isSchedule: { FeedSchedule.parse($0) != nil })
  }
}

/// How an answer is printed.
enum Format: String, ExpressibleByArgument, CaseIterable {
  case table, json
}

/// The option of every command that answers with data.
struct FormatOptions: ParsableArguments {
  @Option(help: "table for people, json for programs (stable, one value, no colour).")
  var format = Format.table

  /// Prints `json`, or what `table` makes.
  func print(_ json: JSON, table: () -> String) {
    Commands.print(format == .json ? json.description : table())
  }
}
