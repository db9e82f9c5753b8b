import JSON
package import Marketplaces
package import Time

extension Secrets {
  /// Every secret that webhooks may be signed with at that moment: `webhook_secret`, and of `webhook_secrets` each that
  /// is a text, or `{"secret": text, "until": time}` with a time to come.
  package func webhookSecrets(at now: Timestamp) -> [String] {
    let more = ["webhookSecrets", "webhook_secrets"].flatMap { values[$0]?.array ?? [] }
    let valid = more.compactMap { entry -> String? in
      guard case .object = entry else { return entry.text }
      guard let until = entry["until"].timestamp, now < until else { return nil }
      return entry["secret"].text
    }
    return ([text("webhookSecret")].compactMap { $0 } + valid).filter { !$0.isEmpty }
  }

  /// Makes `secret` the one webhooks are signed with; those before it count until `deadline`, then no longer.
  package mutating func rotateWebhookSecret(
    to secret: String, keepingOldUntil deadline: Timestamp, now: Timestamp
  ) {
    let old = webhookSecrets(at: now).filter { $0 != secret }
    let kept = old.map { text -> JSON in ["secret": .string(text), "until": .time(deadline)] }
    values["webhookSecrets"] = nil
    values["webhook_secrets"] = now < deadline ? .array(kept) : .array([])
    set("webhookSecret", to: .string(secret))
  }
}
