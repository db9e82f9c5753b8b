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
}
