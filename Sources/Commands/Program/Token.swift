import ArgumentParser
import Dashboard
import Gateway
import Settings

/// `crossdock token`
struct Token: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a bearer token for the API and the dashboard, or an address that signs in once.",
    discussion: """
      The subject is the user_id of connections: a seller sees its own and nothing else.

      EXAMPLE
        crossdock token --subject shop-7 --role seller --ttl 8h
        crossdock token --subject anna --role operator --link
      """)

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Whose token it is.") var subject: String
  @Option(help: "seller, operator or admin.") var role: Caller.Role
  @Option(help: ArgumentHelp("How long it is valid: 30m, 8h, 7d.", valueName: "time")) var ttl: TimeSpan =
    .hour

  @Flag(help: "Print an address of BASE_URL that signs in to the dashboard, once and within 15 minutes.")
  var link = false

  func validate() throws {
    guard !subject.isEmpty, subject.count <= 200 else {
      throw ValidationError("--subject must have 1 to 200 characters")
    }
  }

  func run() async throws {
    let settings = try settings.load()
    let secret = try settings.requiredTokenSecret()
    let authenticator = try await Authenticator(secret: secret.revealed)
    let caller = Caller(subject: subject, role: role)
    guard !link else {
      let base = settings.baseURL.hasSuffix("/") ? String(settings.baseURL.dropLast()) : settings.baseURL
      print("\(base)/sign-in?link=\(SignInLink(secret: secret.revealed).make(for: caller))")
      return
    }
    print(try await authenticator.token(for: caller, validFor: ttl.seconds))
  }
}

extension Caller.Role: ExpressibleByArgument {}
