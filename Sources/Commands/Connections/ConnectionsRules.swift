import ArgumentParser
import Conversations
import JSON
import Marketplaces
import Postgres
import StockLedger

/// `crossdock connections rules`
struct ConnectionsRules: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rules",
    abstract: "Shows the sync rules of a connection, or changes some.",
    discussion: """
      propagateInventory shares the stock of each SKU with the owner's other connections that have it too.
      propagateCreates, propagateUpdates and propagateDeletes take over products that are new, changed or deleted at the
      owner's other connections, with their prices only when propagatePrices is true.
      realtimeSyncEnabled and propagateChanges hold back what would be written when false; conditions do for some
      listings: skuPattern (with *), tags (any of them), minPrice, maxPrice, marketplaces (where the change may come from).
      messages lists the kinds that buyers are sent, language is that of their texts.

      EXAMPLE
        crossdock connections rules main --set '{"propagateInventory": true, "conditions": {"skuPattern": "SHOE-*"}}'
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String
  @Option(help: ArgumentHelp("Members to change; null removes one.", valueName: "JSON object")) var set:
    String?

  func run() async throws {
    let settings = try settings.load()
    let rules = try await withConnections(settings) { store in
      let one = try await store.named(connection)
      guard let set else { return one.syncRules }
      let rules = try merged(one.syncRules, set)
      _ = try await store.setRules(rules, of: one.id)
      try await store.database.withConnection { try Pools.settle(connectionId: one.id, on: $0) }
      return rules
    }
    print(rules.description)
  }

  private static let flags = [
    "realtimeSyncEnabled", "propagateChanges", "propagateCreates", "propagateUpdates", "propagateDeletes",
    "propagateInventory", "propagatePrices",
  ]

  /// A misspelt kind would silence messages that somebody wants.
  private static func check(messages: JSON) throws {
    let kinds = MessageKind.allCases.map(\.rawValue)
    guard case .array(let wanted) = messages, wanted.allSatisfy({ kinds.contains($0.text ?? "") }) else {
      throw Failure(.usage, "messages is a list of \(kinds.joined(separator: ", "))")
    }
  }

  private func merged(_ rules: JSON, _ text: String) throws -> JSON {
    guard case .object(let changes)? = try? JSON.parse(text) else {
      throw Failure(.usage, "--set is not a JSON object such as {\"propagateInventory\": true}")
    }
    for flag in Self.flags {
      if let value = changes[flag], !value.isNull, value.bool == nil {
        throw Failure(.usage, "\(flag) is true or false")
      }
    }
    if let messages = changes["messages"], !messages.isNull { try Self.check(messages: messages) }
    let known = Set(Self.flags + ["conditions", "messages", "language"])
    if let unknown = changes.keys.sorted().first(where: { !known.contains($0) }) {
      throw Failure(
        .usage, "there is no rule '\(unknown)'; there are \(known.sorted().joined(separator: ", "))")
    }
    return .object(rules.object.merging(changes) { $1 }.filter { !$0.value.isNull })
  }
}

/// `crossdock connections shadow`
struct ConnectionsShadow: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "shadow",
    abstract: "What a connection in shadow mode would have done, the newest first.",
    discussion: """
      EXAMPLE
        crossdock connections shadow main --limit 20
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions
  @Argument(help: "Its id or name.") var connection: String
  @Option(help: "At most this many.") var limit = 50

  func run() async throws {
    let settings = try settings.load()
    let one = try await withConnections(settings) { try await $0.named(connection) }
    let rows = try await settings.withDatabase { database in
      try await objects(
        database,
        """
        SELECT jsonb_build_object('id', id, 'kind', kind, 'target', target, 'body', body, 'created_at', created_at)
          FROM shadow_actions WHERE connection_id = $1 ORDER BY id DESC LIMIT $2
        """, [one.id, limit])
    }
    format.print(.array(rows)) {
      Table.of(rows, [("TIME", "created_at"), ("KIND", "kind"), ("TARGET", "target"), ("WHAT", "body")]).text
    }
  }
}
