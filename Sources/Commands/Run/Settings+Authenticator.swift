import Foundation
import Gateway
import Settings

extension Settings {
  /// What checks bearer tokens; nil when neither a secret nor keys are set.
  func authenticator() async throws -> Authenticator? {
    guard tokenSecret != nil || tokenKeysFile != nil else { return nil }
    let keySet = try tokenKeysFile.map { path in
      guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
        throw SettingsError(problems: ["API_JWKS_FILE is '\(path)', which can't be read"])
      }
      return text
    }
    do {
      return try await Authenticator(secret: tokenSecret?.revealed, keySet: keySet)
    } catch {
      throw SettingsError(problems: ["API_JWKS_FILE is no JSON Web Key Set whose keys have a `kid`"])
    }
  }

  /// The proxies that are believed about their clients.
  func proxies() throws -> TrustedProxies {
    guard let proxies = TrustedProxies(trustedProxies) else {
      throw SettingsError(problems: [
        "TRUSTED_PROXIES is '\(trustedProxies.joined(separator: ","))': allowed are IP addresses and networks "
          + "such as 10.0.0.0/8, separated by commas"
      ])
    }
    return proxies
  }
}
