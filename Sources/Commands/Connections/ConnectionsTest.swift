import ArgumentParser
import Events
import JSON
import Marketplaces

/// `crossdock connections test`
struct ConnectionsTest: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Asks a marketplace whether it takes the connection's credentials; changes nothing there.",
    discussion: """
      Without a name every enabled connection is tested. Exits 1 when one of them is refused or not answered.

      EXAMPLE
        crossdock connections test main
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Argument(help: "Its id or name.") var connection: String?

  func run() async throws {
    let results = try await withAccounts(settings.load()) { access in
      let accounts: [MarketplaceConnection]
      if let connection {
        accounts = [try await access.connections.named(connection)]
      } else {
        accounts = try await access.connections.list().filter(\.isEnabled)
      }
      let results = try await concurrently(accounts.indices) { place in
        await Result(of: accounts[place], access.adapters)
      }
      return accounts.indices.compactMap { results[$0] }
    }
    format.print(.array(results.map(\.json))) {
      var table = Table(["NAME", "PLATFORM", "ACCEPTED", "MS", "WHY NOT"], rightAligned: [3])
      for one in results {
        table.append([
          one.account.name, one.account.platform.rawValue, one.refusal == nil ? "yes" : "no",
          String(one.milliseconds), one.refusal ?? "",
        ])
      }
      return table.text
    }
    guard results.allSatisfy({ $0.refusal == nil }) else { throw Failure(.found, "") }
  }

  /// How one account answered.
  private struct Result: Sendable {
    let account: MarketplaceConnection
    let refusal: String?
    let milliseconds: Int64

    init(of account: MarketplaceConnection, _ adapters: Adapters) async {
      self.account = account
      let began = ContinuousClock.now
      do throws(MarketplaceError) {
        try await adapters.adapter(for: account).check()
        refusal = nil
      } catch {
        refusal = error.description
      }
      let (seconds, attoseconds) = began.duration(to: .now).components
      milliseconds = seconds * 1_000 + attoseconds / 1_000_000_000_000_000
    }

    var json: JSON {
      [
        "id": .string(account.key), "name": .string(account.name),
        "platform": .string(account.platform.rawValue), "accepted": .bool(refusal == nil),
        "error": refusal.map { .string($0) } ?? .null, "milliseconds": .integer(milliseconds),
      ]
    }
  }
}
