import ArgumentParser
import Marketplaces

/// `crossdock connections enable`
struct ConnectionsEnable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "enable",
    abstract: "Lets a connection be polled and written to again.",
    discussion: """
      EXAMPLE
        crossdock connections enable main
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String

  func run() async throws {
    let one = try await withConnections(settings.load()) { store in
      let one = try await store.named(connection)
      _ = try await store.setEnabled(true, of: one.id)
      return one
    }
    say("\(one.name) is enabled")
  }
}

/// `crossdock connections disable`
struct ConnectionsDisable: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "disable",
    abstract: "Stops polling a connection and writing to it; nothing is removed.",
    discussion: """
      EXAMPLE
        crossdock connections disable main
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String

  func run() async throws {
    let one = try await withConnections(settings.load()) { store in
      let one = try await store.named(connection)
      _ = try await store.setEnabled(false, of: one.id)
      return one
    }
    say("\(one.name) is disabled")
  }
}

/// `crossdock connections remove`
struct ConnectionsRemove: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove",
    abstract: "Removes a connection with its credentials and feeds; orders and stock history stay.",
    discussion: """
      EXAMPLE
        crossdock connections remove main --yes
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String
  @Flag(help: "Do it without asking.") var yes = false

  func run() async throws {
    let one = try await withConnections(settings.load()) { store in
      let one = try await store.named(connection)
      try confirm("remove the connection \(one.name) (\(one.key))?", yes: yes)
      _ = try await store.remove(one.id)
      return one
    }
    say("\(one.name) is removed")
  }
}
