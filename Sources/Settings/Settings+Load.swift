import Foundation
import Logging
import Postgres
import RabbitMQ
import Topology

extension Settings {
  /// Reads the environment, then the file of `--config`, then `.env` in `directory`; the first that has a name
  /// wins. `isSchedule` says whether a text is a cron expression or a number of minutes.
  package static func load(
    environment: [String: String], configFile: String? = nil, directory: String = ".",
    isSchedule: (String) -> Bool = { _ in true }
  ) throws(SettingsError) -> Settings {
    var layers = [(origin: "environment", values: environment)]
    if let configFile {
      guard let values = try EnvironmentFile.read(configFile, name: configFile) else {
        throw SettingsError(problems: ["the configuration file '\(configFile)' can't be read"])
      }
      layers.append((configFile, values))
    }
    if let values = try EnvironmentFile.read(directory + "/.env", name: ".env") {
      layers.append((".env", values))
    }
    var reader = SettingsReader(layers: layers)
    let settings = Settings(from: &reader, isSchedule: isSchedule)
    guard reader.problems.isEmpty else { throw SettingsError(problems: reader.problems) }
    return settings
  }

  private init(from reader: inout SettingsReader, isSchedule: (String) -> Bool) {
    let anyCount = 1...1_000_000
    let ports = 0...65_535
    let webAddresses = "an http:// or https:// address without a space in it"
    databaseURL = reader.secret(
      "DATABASE_URL",
      allowed: "a Postgres connection string such as postgresql://user:password@host/database",
      parse: { ServerPlace.of($0) == nil ? nil : Secret($0) }, shown: { ServerPlace.of($0.revealed) ?? "" })
    brokers =
      reader.secret(
        "AMQP_URL", allowed: "amqp:// or amqps:// addresses separated by commas, without a space in them",
        parse: { try? Address.parse($0) }, shown: { $0.map(\.description).joined(separator: ",") }) ?? []
    managementURL = reader.secret(
      "AMQP_MANAGEMENT_URL", allowed: webAddresses, parse: Self.webAddress, shown: Self.webPlace)
    brokerAuthorityFile = reader.certificates("AMQP_CA_FILE")
    httpAuthorityFile = reader.certificates("HTTP_CA_FILE")
    namespace = reader.value(
      "CROSSDOCK_NAMESPACE", default: "crossdock", shown: "crossdock",
      allowed: "1 to 64 letters, digits, '-', '_' or '.', beginning with a letter or digit",
      parse: Self.namespace)
    secretKey = reader.secret("CROSSDOCK_SECRET_KEY", allowed: "32 bytes in base64", parse: Self.key)
    retiredSecretKeys = reader.secret(
      "CROSSDOCK_SECRET_KEY_RETIRED", allowed: "keys of 32 bytes in base64, separated by commas",
      parse: { text in Self.keys(text) ? Secret(text) : nil })

    tokenSecret = reader.secret("API_JWT_SECRET")
    tokenKeysFile = reader.text("API_JWKS_FILE")
    gatewayPort = reader.int("API_GATEWAY_PORT", default: 3411, in: ports)
    metricsPort = reader.int("METRICS_PORT", default: 9411, in: ports)
    baseURL = reader.value(
      "BASE_URL", default: "http://localhost:\(gatewayPort)", shown: "http://localhost:\(gatewayPort)",
      allowed: webAddresses, parse: { Self.webAddress($0)?.revealed })
    trustedProxies = reader.list("TRUSTED_PROXIES", default: [])
    alertWebhookURL = reader.secret(
      "ALERT_WEBHOOK_URL", allowed: webAddresses, parse: Self.webAddress, shown: Self.webPlace)

    logLevel = reader.value(
      "LOG_LEVEL", default: .info, shown: "info",
      allowed: Logger.Level.allCases.map(\.rawValue).joined(separator: ", "),
      parse: { Logger.Level(rawValue: $0.lowercased()) })
    logFormat = reader.value(
      "LOG_FORMAT", default: .text, shown: "text", allowed: "text or json",
      parse: { LogFormat(rawValue: $0.lowercased()) })

    lanes = reader.int("CROSSDOCK_LANES", default: 1, in: 1...64)
    delays = reader.value(
      "CROSSDOCK_DELAYS", default: .standard, shown: "\(Delays.standard)",
      allowed: "times such as 5s,30s,5m,2h, none longer than 24h",
      parse: { try? Delays($0) })
    maxAttempts = reader.int("CROSSDOCK_MAX_ATTEMPTS", default: 5, in: 1...100)
    deliveryLimit = reader.int("CROSSDOCK_DELIVERY_LIMIT", default: 50, in: anyCount)

    let schedules = "a cron expression of five fields such as '*/37 * * * *', or a number of minutes"
    let schedule = { (text: String) in isSchedule(text) ? text : nil }
    eventPollingInterval = reader.value(
      "EVENT_POLLING_INTERVAL", default: "*/37 * * * *", shown: "*/37 * * * *", allowed: schedules,
      parse: schedule)
    pollSeconds = reader.value(
      "CROSSDOCK_POLL_SECONDS", default: nil, shown: "", allowed: "a number of seconds from 0.05 to 86400",
      parse: { text in Double(text).flatMap { (0.05...86_400).contains($0) ? .some($0) : nil } })
    isOrderPollingEnabled = reader.bool("ENABLE_ORDER_POLLING", default: true)
    orderPollingInterval = reader.int("ORDER_POLLING_INTERVAL_MINUTES", default: 10, in: 1...44_640)
    orderPollingLookback = reader.int("ORDER_POLLING_LOOKBACK_MINUTES", default: 15, in: 1...44_640)
    orderPollingBatchSize = reader.int("ORDER_POLLING_BATCH_SIZE", default: 50, in: 1...250)
    orderPollingMaxPages = reader.int("ORDER_POLLING_MAX_PAGES", default: 10, in: 1...10_000)
    allowedFinancialStatuses = reader.words(
      "ALLOWED_ORDER_FINANCIAL_STATUSES", default: ["PAID", "PARTIALLY_PAID", "AUTHORIZED", "PENDING"],
      of: Self.financialStatuses)
    includesTestOrders = reader.bool("INCLUDE_TEST_ORDERS", default: false)
    orderEventSweepSeconds = reader.int("ORDER_EVENT_SWEEP_SECONDS", default: 30, in: 1...86_400)

    areOrderWebhooksEnabled = reader.bool("ENABLE_WEBHOOKS", default: false)
    webhookMaxAgeHours = reader.int("WEBHOOK_MAX_AGE_HOURS", default: 72, in: 1...8_760)
    webhookRateLimit = reader.int("WEBHOOK_RATE_LIMIT_PER_MINUTE", default: 100, in: anyCount)
    areTestEndpointsEnabled = reader.bool("ENABLE_TEST_ENDPOINTS", default: false)

    reconcileAt = reader.value(
      "RECONCILE_AT", default: "0 2 * * *", shown: "0 2 * * *", allowed: schedules, parse: schedule)
    lowStockThreshold = reader.int("LOW_STOCK_THRESHOLD", default: 5, in: 0...1_000_000)
    messagingMaxAgeHours = reader.int("MESSAGING_MAX_AGE_HOURS", default: 24, in: 1...8_760)
    messageTemplates = reader.text("MESSAGE_TEMPLATES")

    allegroClientID = reader.text("ALLEGRO_CLIENT_ID")
    allegroClientSecret = reader.secret("ALLEGRO_CLIENT_SECRET")
    shopifyKey = reader.text("SHOPIFY_API_KEY")
    shopifySecret = reader.secret("SHOPIFY_API_SECRET")
    shopifyWebhookSecret = reader.secret("SHOPIFY_WEBHOOK_SECRET")
    effective = reader.effective
  }
}
