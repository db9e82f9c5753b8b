import ArgumentParser
import Events
import Foundation
import JSON
import Marketplaces
import Postgres

/// `crossdock connections add`
struct ConnectionsAdd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Adds a marketplace account and prints its id.",
    discussion: """
      Secrets are a JSON object in a file or on standard input: never an argument, never printed. Its members, in
      brackets what may be left out, `clientId` or `client_id` alike:

      \(members)

      What an owner authorises in a browser (Allegro, Shopify, eBay) comes by `connections authorize`: then the tokens are
      left out here, and for Allegro and Shopify an empty object {} will do. Clover's base URL ends with
      /v3/merchants/MERCHANT.

      EXAMPLE
        crossdock connections add --platform allegro --name main --user shop-7 \\
          --base-url https://api.allegro.pl --secrets secrets.json
      """)

  private static var members: String {
    Platform.allCases.map { platform in
      "  " + platform.rawValue.padding(toLength: 14, withPad: " ", startingAt: 0) + platform.credentials.text
    }.joined(separator: "\n")
  }

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
    let secrets = try Secrets(fromFileOrInput: secrets)
    secrets.warn(given: secrets, for: platform)
    let draft = ConnectionDraft(
      userId: user, platform: platform, name: name, baseURL: baseURL, dialect: dialect, mode: mode,
      start: start, secrets: secrets)
    let connection = try await withConnections(loaded) { store in
      do {
        return try await store.add(draft)
      } catch let error as PostgresError where error.sqlState == "23505" {
        throw Failure(
          .found,
          "\(user) has a connection to \(platform.rawValue) called '\(name)' already: choose another --name, or give that "
            + "one other credentials with `crossdock connections rotate-secret`")
      }
    }
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
