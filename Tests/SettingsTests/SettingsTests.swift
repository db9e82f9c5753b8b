import Foundation
import Logging
import RabbitMQ
import Settings
import Testing
import Topology

struct SettingsTests {
  static func load(_ values: [String: String]) throws -> Settings {
    try Settings.load(environment: values, directory: "/nowhere")
  }

  static func problem(_ name: String, _ value: String) -> String? {
    do {
      _ = try load([name: value])
      return nil
    } catch {
      return "\(error)"
    }
  }

  @Test func `without any value the defaults are those of the documentation`() throws {
    let settings = try Self.load([:])
    #expect(settings.namespace == "crossdock")
    #expect(settings.gatewayPort == 3411 && settings.metricsPort == 9411)
    #expect(settings.eventPollingInterval == "*/37 * * * *")
    #expect(settings.delays == .standard)
    #expect(settings.maxAttempts == 5 && settings.deliveryLimit == 50)
    #expect(settings.orderPollingBatchSize == 50 && settings.orderPollingMaxPages == 10)
    #expect(settings.isOrderPollingEnabled && !settings.areOrderWebhooksEnabled)
    #expect(settings.allowedFinancialStatuses == ["PAID", "PARTIALLY_PAID", "AUTHORIZED", "PENDING"])
    #expect(settings.databaseURL == nil && settings.brokers.isEmpty)
  }

  @Test(arguments: [
    ("ORDER_POLLING_BATCH_SIZE", "251"), ("ORDER_POLLING_BATCH_SIZE", "many"), ("API_GATEWAY_PORT", "70000"),
    ("ENABLE_WEBHOOKS", "perhaps"), ("LOG_LEVEL", "loud"), ("LOG_FORMAT", "xml"),
    ("CROSSDOCK_DELAYS", "25h"), ("ALLOWED_ORDER_FINANCIAL_STATUSES", "FOO"),
    ("ALLOWED_ORDER_FINANCIAL_STATUSES", "PAID,FOO"), ("HTTP_CA_FILE", "/nosuch"),
    ("AMQP_CA_FILE", "/nosuch"),
    ("CROSSDOCK_DELAYS", "5"), ("CROSSDOCK_DELAYS", "99999999999999999h"), ("CROSSDOCK_NAMESPACE", "a b"),
    ("CROSSDOCK_NAMESPACE", "-a"), ("BASE_URL", "example.com"), ("CROSSDOCK_POLL_SECONDS", "0"),
  ])
  func `a value that can't be used is named with what is allowed`(name: String, value: String) throws {
    let problem = try #require(Self.problem(name, value))
    #expect(problem.hasPrefix("\(name) is '\(value)' (environment): allowed is "))
  }

  @Test(arguments: [
    ("CROSSDOCK_SECRET_KEY", "c2hvcnQ="), ("AMQP_URL", "http://hidden"), ("ALERT_WEBHOOK_URL", "hidden"),
    ("AMQP_URL", "amqp://h/%2F HIDDEN=amqp://u:hush@h"),
    ("DATABASE_URL", "postgres:/u:hush@h"),
    ("DATABASE_URL", "postgresql://h/d HIDDEN=amqp://u:hush@h"), ("DATABASE_URL", "host=h passwort=hush"),
    ("AMQP_MANAGEMENT_URL", "http://h HIDDEN=hush"),
  ])
  func `a secret that can't be used is named without its value`(name: String, value: String) throws {
    let problem = try #require(Self.problem(name, value))
    #expect(problem.hasPrefix(name) && !problem.contains(value) && !problem.contains("hush"))
  }

  @Test func `an address that should have no password is not quoted when it has one`() throws {
    let problem = try #require(Self.problem("BASE_URL", "http://h A=amqp://u:hush@h"))
    #expect(problem.hasPrefix("BASE_URL is '***'"))
  }

  @Test func `of addresses is shown which server is meant`() throws {
    let settings = try Self.load([
      "DATABASE_URL": "postgresql://u:hush@one:5432,two:5433/d?sslmode=require",
      "AMQP_URL": "amqp://u:hush@a,amqps://b/v",
      "AMQP_MANAGEMENT_URL": "http://u:hush@a:15672/", "ALERT_WEBHOOK_URL": "https://chat.example/hooks/hush",
    ])
    let shown = Dictionary(uniqueKeysWithValues: settings.effective.map { ($0.name, $0.value) })
    #expect(shown["DATABASE_URL"] == "postgresql://one:5432,two:5433")
    #expect(shown["AMQP_URL"] == "amqp://a:5672,amqps://b:5671")
    #expect(shown["AMQP_MANAGEMENT_URL"] == "http://a:15672")
    #expect(shown["ALERT_WEBHOOK_URL"] == "https://chat.example")
    let keywords = try Self.load(["DATABASE_URL": "host=one port=5 user=u password='hush hush' dbname=d"])
    #expect(keywords.effective.first?.value == "postgresql://one:5")
    #expect(try Self.load(["DATABASE_URL": "crossdock"]).databaseURL?.revealed == "crossdock")
  }

  @Test func `all that is wrong is said at once`() throws {
    let error = #expect(throws: SettingsError.self) {
      try Self.load(["LOG_LEVEL": "loud", "CROSSDOCK_LANES": "0"])
    }
    #expect(error?.problems.count == 2)
  }

  @Test func `an empty value counts as none`() throws {
    #expect(try Self.load(["ENABLE_WEBHOOKS": "", "DATABASE_URL": ""]).databaseURL == nil)
  }

  @Test func `several brokers are read from one value`() throws {
    let settings = try Self.load(["AMQP_URL": "amqp://a, amqps://b:1/v"])
    #expect(settings.brokers.map(\.host) == ["a", "b"])
  }

  @Test func `a schedule is checked by the function that is given`() throws {
    #expect(throws: SettingsError.self) {
      try Settings.load(environment: ["RECONCILE_AT": "sometimes"], directory: "/nowhere") {
        $0 != "sometimes"
      }
    }
  }

  @Test func `a secret never shows itself`() throws {
    let settings = try Self.load([
      "DATABASE_URL": "postgresql://u:hush@h/d", "API_JWT_SECRET": "hush, nobody may know",
    ])
    var dumped = ""
    dump(settings, to: &dumped)
    #expect(
      !dumped.contains("hush") && !"\(settings)".contains("hush")
        && !String(reflecting: settings).contains("hush"))
    #expect(settings.effective.first { $0.name == "API_JWT_SECRET" }?.value == "***")
  }

  @Test func `what is missing is named when it is needed`() throws {
    let settings = try Self.load([:])
    let error = #expect(throws: SettingsError.self) { try settings.requiredDatabaseURL() }
    #expect(error?.description.hasPrefix("DATABASE_URL is not set") == true)
    #expect(throws: SettingsError.self) { try settings.requiredBrokers() }
    #expect(throws: SettingsError.self) { try settings.requiredSecretKey() }
    #expect(throws: SettingsError.self) { try settings.requiredTokenSecret() }
  }

  @Test func `the environment goes before the file of --config, and that before .env`() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let dotEnv = """
      # how we poll
      export EVENT_POLLING_INTERVAL="*/5 * * * *"
      LOG_LEVEL=debug  # while we look for it
      CROSSDOCK_NAMESPACE=from-dot-env

      METRICS_PORT='1'\r
      """
    try dotEnv.write(to: folder.appendingPathComponent(".env"), atomically: true, encoding: .utf8)
    let file = folder.appendingPathComponent("crossdock.conf").path
    try "CROSSDOCK_NAMESPACE=from-file\nMETRICS_PORT=2".write(toFile: file, atomically: true, encoding: .utf8)
    let settings = try Settings.load(
      environment: ["METRICS_PORT": "3"], configFile: file, directory: folder.path)
    #expect(settings.eventPollingInterval == "*/5 * * * *")
    #expect(settings.logLevel == .debug)
    #expect(settings.namespace == "from-file")
    #expect(settings.metricsPort == 3)
  }

  private func load(file text: String) throws -> Settings {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try text.write(to: file, atomically: true, encoding: .utf8)
    defer { try? FileManager.default.removeItem(at: file) }
    return try Settings.load(environment: [:], configFile: file.path, directory: "/nowhere")
  }

  @Test func `what ops-services env prints is read although it is one line`() throws {
    let settings = try load(
      file: "export AMQP_URL=amqp://u:a@one/%2f DATABASE_URL=postgresql://u:b@two/d METRICS_PORT='7' # three")
    #expect(settings.brokers.first?.host == "one" && settings.brokers.first?.virtualHost == "/")
    #expect(settings.databaseURL?.revealed == "postgresql://u:b@two/d" && settings.metricsPort == 7)
  }

  @Test func `without quotes a value may have spaces, when nothing else follows`() throws {
    let settings = try load(
      file: "EVENT_POLLING_INTERVAL=*/5 * * * *\nDATABASE_URL=host=h password=p dbname=d\nLOG_LEVEL = debug")
    #expect(settings.eventPollingInterval == "*/5 * * * *" && settings.logLevel == .debug)
    #expect(settings.databaseURL?.revealed == "host=h password=p dbname=d")
  }

  @Test func `a line that assigns nothing is named by its number and not repeated`() throws {
    let error = #expect(throws: SettingsError.self) { try load(file: "# fine\n\nhush\nA=1\nhush hush=1") }
    #expect(error?.problems.count == 2)
    for (problem, line) in zip(error?.problems ?? [], [3, 5]) {
      #expect(problem.hasSuffix(":\(line) is not NAME=value"))
    }
    #expect(error?.description.contains("hush") == false)
  }

  @Test func `a configuration file that isn't there is an error`() throws {
    #expect(throws: SettingsError.self) { try Settings.load(environment: [:], configFile: "/nowhere/x") }
  }
}
