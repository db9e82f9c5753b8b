import ArgumentParser
import Events
import JSON
import Marketplaces

/// `crossdock connections list`
struct ConnectionsList: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "Shows every connection.",
    discussion: """
      EXAMPLE
        crossdock connections list --user shop-7 --format json
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "Only those of this owner.") var user: String?

  func run() async throws {
    let all = try await withConnections(settings.load()) { try await $0.list(ofUser: user) }
    format.print(.array(all.map(\.json))) {
      var table = Table(["ID", "MARKETPLACE", "PLATFORM", "NAME", "USER", "STATUS"], rightAligned: [1])
      for one in all {
        table.append([
          one.key, String(one.marketplaceId), one.platform.rawValue, one.name, one.userId,
          one.isEnabled ? "enabled" : "disabled",
        ])
      }
      return table.text
    }
  }
}

/// `crossdock connections show`
struct ConnectionsShow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show",
    abstract: "Shows one connection, without its secrets.",
    discussion: """
      EXAMPLE
        crossdock connections show main
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Argument(help: "Its id or name.") var connection: String

  func run() async throws {
    let one = try await withConnections(settings.load()) { try await $0.named(connection) }
    format.print(one.json) {
      one.json.object.sorted { $0.key < $1.key }
        .map { "\($0.key): \($0.value.text ?? $0.value.description)" }
        .joined(separator: "\n")
    }
  }
}
