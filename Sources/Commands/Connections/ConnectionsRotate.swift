import ArgumentParser
import Intake
import JSON
import Marketplaces
import Time

/// `crossdock connections rotate-secret`
struct ConnectionsRotateSecret: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-secret",
    abstract: "Replaces some of a connection's credentials; the others stay.",
    discussion: """
      Secrets are a JSON object in a file or on standard input: never an argument, never printed. When it has a
      webhook_secret, webhooks signed with the one before are taken for as long as --keep says, since a marketplace
      signs with both for a while; with --keep 0s the one before, which may have leaked, counts no
      longer, for gateways that run within half a minute.

      EXAMPLE
        echo '{"webhook_secret":"…"}' | crossdock connections rotate-secret main --secrets - --keep 24h
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String
  @Option(help: ArgumentHelp("A file with a JSON object, or - for standard input.", valueName: "file"))
  var secrets: String
  @Option(
    help: ArgumentHelp(
      "How long the webhook secret before is taken too; 0s for not at all.", valueName: "time"),
    transform: TimeSpan.orNone)
  var keep = TimeSpan(seconds: 86_400)

  func run() async throws {
    let new = try Secrets(fromFileOrInput: secrets)
    guard !new.values.isEmpty else { throw Failure(.usage, "the secrets are an empty object") }
    let deadline = Timestamp.now() + .seconds(keep.seconds)
    let one = try await withConnections(settings.load()) { store in
      let one = try await store.named(connection)
      let old = try await store.secrets(of: one.id) ?? Secrets()
      let all = old.replacing(with: new, keepingOldUntil: deadline)
      all.warn(given: new, for: one.platform)
      _ = try await store.setSecrets(all, of: one.id)
      return one
    }
    say("\(one.name): \(new) replaced")
  }
}

extension Secrets {
  /// These with the members of `new`.
  fileprivate func replacing(with new: Secrets, keepingOldUntil deadline: Timestamp) -> Secrets {
    var all = self
    for (name, value) in new.values where !["webhook_secret", "webhookSecret"].contains(name) {
      all.set(name, to: value)
    }
    if let secret = new.text("webhookSecret") {
      all.rotateWebhookSecret(to: secret, keepingOldUntil: deadline, now: .now())
    }
    return all
  }
}

/// `crossdock connections rotate-key`
struct ConnectionsRotateKey: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "rotate-key",
    abstract: "Seals every connection's credentials with the present CROSSDOCK_SECRET_KEY.",
    discussion: """
      First make a key, put it into CROSSDOCK_SECRET_KEY and the one before into CROSSDOCK_SECRET_KEY_RETIRED, and
      restart every process: from then on all of them read both. Then run this, and take the retired key away.

      EXAMPLE
        crossdock connections rotate-key
      """)

  @OptionGroup var settings: SettingsOptions

  func run() async throws {
    let loaded = try settings.load()
    let key = try loaded.secretKeys().current
    let count = try await withConnections(loaded) { try await $0.reseal() }
    say("\(count) connections were sealed with another key; all are sealed with \(key) now")
  }
}
