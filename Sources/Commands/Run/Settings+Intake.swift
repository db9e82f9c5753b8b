import Events
import Intake
import Marketplaces
import Settings

extension Settings {
  /// What the intake of webhooks is told by the environment.
  func intake(_ readers: [Platform: any WebhookReader]) -> WebhookRoutes.Configuration {
    WebhookRoutes.Configuration(
      readers: readers,
      rules: IntakeRules(
        areOrdersTaken: areOrderWebhooksEnabled, maxAge: .seconds(webhookMaxAgeHours * 3_600)),
      filter: OrderFilter(
        allowedStatuses: Set(allowedFinancialStatuses), includesTestOrders: includesTestOrders),
      baseURL: baseURL, ratePerMinute: webhookRateLimit,
      secrets: [.shopify: [shopifyWebhookSecret, shopifySecret].compactMap { $0?.revealed }])
  }
}
