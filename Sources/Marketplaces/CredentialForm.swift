package import Events

/// What a platform's credentials are made of. Members are named as in `clientId`; `client_id` will do as well.
package struct CredentialForm: Sendable {
  /// Each by its names, any of which will do.
  package var needed: [[String]]
  /// What may be left out.
  package var optional: [String]
  /// Accepted too: what `connections authorize` and `rotate-secret` write themselves.
  var written: [String]

  init(needed: [[String]] = [], optional: [String] = [], written: [String] = []) {
    self.needed = needed
    self.optional = optional
    self.written = written
  }

  private var names: [String] { needed.flatMap { $0 } + optional + written }

  /// As people are told of it: what may be left out stands in brackets.
  package var text: String {
    let members = needed.map { $0.joined(separator: " or ") } + optional.map { "[\($0)]" }
    return members.joined(separator: ", ")
  }

  /// A member that the platform has no use for, most often misspelt; nil when there is none.
  package func unknownMember(of secrets: Secrets) -> String? {
    let known = Set(names.flatMap { [$0, Secrets.snakeCase($0)] })
    return secrets.values.keys.sorted().first { !known.contains($0) }
  }

  /// A member without which the marketplace can't be called; nil when none is lacking.
  package func missingMember(of secrets: Secrets) -> String? {
    needed.first { names in names.allSatisfy { secrets.text($0) == nil } }?.first
  }
}

extension Platform {
  /// Where `connections authorize` can bring the tokens nothing is needed before, but for eBay's application.
  package var credentials: CredentialForm {
    let tokens = ["accessToken", "token", "refreshToken", "expiresAt"]
    let webhooks = ["webhookSecret", "webhookUrl"]
    let rotated = ["webhookSecrets"]
    return switch self {
    case .allegro:
      CredentialForm(
        optional: ["clientId", "clientSecret", "refreshToken"],
        written: tokens + ["authorizationCode", "redirectUri"])
    case .shopify:
      CredentialForm(
        optional: ["accessToken", "clientId", "clientSecret"] + webhooks, written: tokens + rotated)
    case .ebay:
      CredentialForm(
        needed: [["clientId"], ["clientSecret"]], optional: ["refreshToken"], written: tokens)
    case .square: CredentialForm(needed: [["accessToken", "token"]], optional: webhooks, written: rotated)
    case .clover: CredentialForm(needed: [["token", "accessToken"]], optional: webhooks, written: rotated)
    case .refurbed: CredentialForm(needed: [["token"]], optional: webhooks, written: rotated)
    case .backmarket: CredentialForm(needed: [["token"]])
    case .woocommerce:
      CredentialForm(needed: [["consumerKey"], ["consumerSecret"]], optional: webhooks, written: rotated)
    }
  }
}
