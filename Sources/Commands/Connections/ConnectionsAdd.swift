import ArgumentParser
import Events
import Foundation
import JSON
import Marketplaces

/// `crossdock connections add`
struct ConnectionsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Adds a marketplace account and prints its id.",
    discussion: """
      Secrets are a JSON object in a file or on standard input: never an argument, never printed. Its members:

        backmarket    token
        refurbed      token, webhookSecret
        woocommerce   consumerKey, consumerSecret, webhookSecret
        ebay          clientId, clientSecret, refreshToken
        clover        token, webhookSecret; the base URL ends with /v3/merchants/MERCHANT

      EXAMPLE
        crossdock connections add --platform allegro --name main --user shop-7 \\
          --base-url https://api.allegro.pl --secrets secrets.json
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Option(help: "The marketplace.") var platform: Platform
  @Option(help: "What people call it.") var name: String
  @Option(help: "The owner: the subject of bearer tokens.") var user: String
  @Option(name: .customLong("base-url"), help: "Where the marketplace's API is.") var baseURL: String
  @Option(help: "documented or live: which form of the API it speaks.") var dialect:
    MarketplaceConnection.Dialect =
      .live
  @Option(help: "latest, oldest or a time: where its feeds begin.") var start: FeedStart = .latest
  @Option(help: "live or shadow; in shadow nothing is written to the marketplace or to a buyer.")
  var mode: MarketplaceConnection.Mode = .live
  @Option(help: ArgumentHelp("A file with a JSON object, or - for standard input.", valueName: "file"))
  var secrets: String

  func validate() throws {
    guard let parts = URLComponents(string: baseURL), parts.host?.isEmpty == false,
      parts.scheme == "https" || parts.scheme == "http"
    else { throw ValidationError("--base-url '\(baseURL)' is not an http:// or https:// address") }
    guard !name.isEmpty, !user.isEmpty else { throw ValidationError("--name and --user can't be empty") }
  }

  func run() async throws {
    let loaded = try settings.load()
    let draft = ConnectionDraft(
      userId: user, platform: platform, name: name, baseURL: baseURL, dialect: dialect, mode: mode,
      start: start, secrets: try Secrets(fromFileOrInput: secrets))
    let connection = try await withConnections(loaded) { try await $0.add(draft) }
    format.print(connection.json) { connection.key }
  }
}

extension Platform: ExpressibleByArgument {}
extension MarketplaceConnection.Dialect: ExpressibleByArgument {}
extension MarketplaceConnection.Mode: ExpressibleByArgument {}
extension FeedStart: ExpressibleByArgument {
  public init?(argument: String) { self.init(argument) }
  public var defaultValueDescription: String { text }
}
