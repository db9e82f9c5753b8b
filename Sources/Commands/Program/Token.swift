import ArgumentParser
import Gateway
import Settings

/// `crossdock token`
struct Token: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a bearer token for the API.",
    discussion: """
      The subject is the user_id of connections: a seller sees its own and nothing else.

      EXAMPLE
        crossdock token --subject shop-7 --role seller --ttl 8h
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Whose token it is.") var subject: String
  @Option(help: "seller, operator or admin.") var role: Caller.Role
  @Option(help: ArgumentHelp("How long it is valid: 30m, 8h, 7d.", valueName: "time")) var ttl: TimeSpan =
    .hour

  func validate() throws {
    guard !subject.isEmpty, subject.count <= 200 else {
      throw ValidationError("--subject must have 1 to 200 characters")
    }
  }

  func run() async throws {
    let secret = try settings.load().requiredTokenSecret()
    let authenticator = try await Authenticator(secret: secret.revealed)
    let caller = Caller(subject: subject, role: role)
    print(try await authenticator.token(for: caller, validFor: ttl.seconds))
  }
}

extension Caller.Role: ExpressibleByArgument {}
