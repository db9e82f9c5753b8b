import ArgumentParser
import Foundation
import JWTKit
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

  enum Role: String, ExpressibleByArgument, CaseIterable {
    case seller
    case `operator`
    case admin
  }

  @OptionGroup var settings: SettingsOptions
  @Option(help: "Whose token it is.") var subject: String
  @Option(help: "seller, operator or admin.") var role: Role
  @Option(help: ArgumentHelp("How long it is valid: 30m, 8h, 7d.", valueName: "time")) var ttl: TimeSpan =
    .hour

  func run() async throws {
    let secret = try settings.load().requiredTokenSecret()
    let now = Date()
    let claims = BearerClaims(
      sub: .init(value: subject), role: role.rawValue, iat: .init(value: now),
      exp: .init(value: now.addingTimeInterval(Double(ttl.seconds))))
    let keys = await JWTKeyCollection().add(hmac: HMACKey(from: secret.revealed), digestAlgorithm: .sha256)
    print(try await keys.sign(claims))
  }
}

/// What a bearer token says.
struct BearerClaims: JWTPayload {
  var sub: SubjectClaim
  var role: String
  var iat: IssuedAtClaim
  var exp: ExpirationClaim

  func verify(using algorithm: some JWTAlgorithm) throws { try exp.verifyNotExpired() }
}
