import JSON
import Time

/// The OAuth side of one account: pairs of an access token and a refresh token that works once.
struct AllegroTokens: Sendable {
  let clientId: String
  let clientSecret: String
  let redirectURI = "http://localhost:8000/callback"
  /// How long an access token lives.
  let lifetime: Duration
  /// A code that has not been used yet, for the first authorisation.
  private(set) var code: String
  /// The refresh token of the pair given out last.
  private(set) var refreshToken: String
  private var dice: Dice
  private var expiryOfAccess: [String: Timestamp] = [:]
  /// The access token that dies with it; none for the first refresh token.
  private var accessOfRefresh: [String: String?] = [:]
  private var redirectOfCode: [String: String] = [:]

  /// What a grant gives.
  struct Grant: Sendable {
    let accessToken: String
    let refreshToken: String?
    let seconds: Int64
    let id: String
  }

  init(seed: UInt64, lifetime: Duration) {
    var dice = Dice(seed: seed ^ 0xA11E_6120)
    func secret(_ prefix: String) -> String {
      prefix + dice.identifier().description.replacing("-", with: "") + String(dice.next(), radix: 16)
    }
    clientId = dice.identifier().description.replacing("-", with: "")
    clientSecret = secret("cs")
    refreshToken = secret("rt")
    code = secret("code")
    self.lifetime = lifetime
    self.dice = dice
    accessOfRefresh[refreshToken] = .some(nil)
    redirectOfCode[code] = redirectURI
  }

  func isAlive(_ accessToken: String, at now: Timestamp) -> Bool {
    expiryOfAccess[accessToken].map { now < $0 } ?? false
  }

  /// A new pair for a refresh token that was not used yet; nil for any other. The old pair is dead.
  mutating func refresh(_ token: String, at now: Timestamp) -> Grant? {
    guard let access = accessOfRefresh.removeValue(forKey: token) else { return nil }
    if let access { expiryOfAccess[access] = nil }
    return pair(at: now)
  }

  /// A pair for a code that was not used yet, from the address that it was given for.
  mutating func redeem(_ used: String, redirectURI: String?, at now: Timestamp) -> Grant? {
    guard let redirect = redirectOfCode[used], redirect == redirectURI else { return nil }
    redirectOfCode[used] = nil
    if used == code { code = authorize(redirectURI: self.redirectURI) }
    return pair(at: now)
  }

  /// A code for that address.
  mutating func authorize(redirectURI: String) -> String {
    let code = secret("code")
    redirectOfCode[code] = redirectURI
    return code
  }

  /// An access token for the application itself.
  mutating func access(at now: Timestamp) -> Grant {
    expiryOfAccess = expiryOfAccess.filter { now < $0.value }
    let token = secret("at")
    expiryOfAccess[token] = now + lifetime
    return Grant(
      accessToken: token, refreshToken: nil, seconds: lifetime.components.seconds,
      id: dice.identifier().description)
  }

  private mutating func pair(at now: Timestamp) -> Grant {
    let access = access(at: now)
    refreshToken = secret("rt")
    accessOfRefresh[refreshToken] = .some(access.accessToken)
    return Grant(
      accessToken: access.accessToken, refreshToken: refreshToken, seconds: access.seconds, id: access.id)
  }

  private mutating func secret(_ prefix: String) -> String {
    prefix + dice.identifier().description.replacing("-", with: "") + String(dice.next(), radix: 16)
  }
}
