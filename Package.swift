// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("MemberImportVisibility"),
  .enableUpcomingFeature("InternalImportsByDefault"),
]

/// A library target in `Sources/<name>`.
func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A test target in `Tests/<name>Tests` for the target of that name.
func tests(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .testTarget(
    name: name + "Tests", dependencies: [.init(stringLiteral: name)] + dependencies, swiftSettings: settings)
}

extension Target.Dependency {
  static let argumentParser = product(name: "ArgumentParser", package: "swift-argument-parser")
  static let logging = product(name: "Logging", package: "swift-log")
  static let metrics = product(name: "Metrics", package: "swift-metrics")
  static let coreMetrics = product(name: "CoreMetrics", package: "swift-metrics")
  static let configuration = product(name: "Configuration", package: "swift-configuration")
  static let crypto = product(name: "Crypto", package: "swift-crypto")
  static let nio = product(name: "NIOCore", package: "swift-nio")
  static let concurrencyHelpers = product(name: "NIOConcurrencyHelpers", package: "swift-nio")
  static let deque = product(name: "DequeModule", package: "swift-collections")
  static let nioPosix = product(name: "NIOPosix", package: "swift-nio")
  static let hummingbird = product(name: "Hummingbird", package: "hummingbird")
  static let hummingbirdCore = product(name: "HummingbirdCore", package: "hummingbird")
  static let nioHTTPTypes = product(name: "NIOHTTPTypes", package: "swift-nio-extras")
  static let nioHTTPTypesHTTP1 = product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras")
  static let nioHTTP1 = product(name: "NIOHTTP1", package: "swift-nio")
  static let nioSSL = product(name: "NIOSSL", package: "swift-nio-ssl")
  static let nioWebSocket = product(name: "NIOWebSocket", package: "swift-nio")
  static let httpTypes = product(name: "HTTPTypes", package: "swift-http-types")
  static let hummingbirdTesting = product(name: "HummingbirdTesting", package: "hummingbird")
  static let httpClient = product(name: "AsyncHTTPClient", package: "async-http-client")
  static let lifecycle = product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
  static let signals = product(name: "UnixSignals", package: "swift-service-lifecycle")
  static let mustache = product(name: "Mustache", package: "swift-mustache")
  static let jwt = product(name: "JWTKit", package: "jwt-kit")
  static let yams = product(name: "Yams", package: "Yams")
}

let package = Package(
  name: "crossdock",
  products: [.executable(name: "crossdock", targets: ["crossdock"])],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.34.0"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.5.0"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
    .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/vapor/jwt-kit", from: "5.7.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
  ],
  targets: [
    // The C libraries.
    .systemLibrary(
      name: "CRabbitMQ", pkgConfig: "librabbitmq", providers: [.apt(["librabbitmq-dev"])]),
    .systemLibrary(name: "CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),

    // The language of events.
    library("Time"),
    library("JSON", ["Time"]),
    library("Events", ["Time", "JSON", .crypto]),
    tests("Time"),
    tests("JSON", ["Time", "TestServers"]),
    tests("Events", ["JSON", "Time", "TestServers"]),

    // What tests share.
    .target(
      name: "TestServers", dependencies: ["Postgres", "Schema", .logging], path: "Tests/TestServers",
      swiftSettings: settings),

    .target(
      name: "TestShops",
      dependencies: ["Marketplaces", "Polling", "Simulator", "Events", "JSON", "Time", .concurrencyHelpers],
      path: "Tests/TestShops", swiftSettings: settings),

    // The servers.
    library("Readiness"),
    tests("Readiness"),
    library("Postgres", ["CPostgres", "Time", .nioPosix, .logging]),
    tests("Postgres", ["TestServers"]),
    library("RabbitMQ", ["CRabbitMQ", "Readiness"]),
    tests("RabbitMQ", ["Readiness", "TestServers"]),
    library("Topology", ["RabbitMQ", "JSON"]),
    tests("Topology", ["RabbitMQ", "Readiness", "JSON", "TestServers"]),
    .target(
      name: "Schema", dependencies: ["Postgres", "Time", .crypto, .logging], path: "sql",
      resources: [.copy("migrations")], swiftSettings: settings),
    tests("Schema", ["Postgres", "TestServers"]),

    // The heart.
    library(
      "Lane",
      [
        "Postgres", "RabbitMQ", "Readiness", "Topology", "Events", "Time", .logging, .metrics, .lifecycle,
        .concurrencyHelpers, .deque,
      ]),
    tests(
      "Lane",
      ["Postgres", "RabbitMQ", "Topology", "Events", "Schema", "Time", "TestServers"]),
    library(
      "Outbox",
      ["Postgres", "RabbitMQ", "Topology", "Events", "JSON", "Time", .logging, .metrics, .lifecycle]),
    tests("Outbox", ["Postgres", "RabbitMQ", "Topology", "Events", "Time", "TestServers"]),
    library("StockLedger", ["Lane", "Outbox", "Postgres", "Events", "JSON", "Time", .logging]),
    tests(
      "StockLedger", ["Lane", "Outbox", "Events", "Postgres", "Time", "TestServers", .concurrencyHelpers]),
    library("OrderSync", ["Lane", "Topology", "Postgres", "Events", "JSON", "Time", .logging, .metrics]),
    tests("OrderSync", ["Lane", "Postgres", "Events", "JSON", "Time", "TestServers"]),
    .target(
      name: "Conversations",
      dependencies: ["Postgres", "Outbox", "Events", "JSON", "Time", .mustache],
      resources: [.copy("templates")], swiftSettings: settings),
    library("Messaging", ["Conversations", "Lane", "Topology", "Postgres", "Events", "JSON", "Time"]),
    tests("Messaging", ["Conversations", "Lane", "Events", "Postgres", "Time", "TestServers"]),
    library("Disputes", ["Conversations", "Lane", "Topology", "Postgres", "Events", "JSON", "Time"]),
    tests(
      "Disputes",
      [
        "Conversations", "Messaging", "OrderSync", "StockLedger", "Lane", "Outbox", "RabbitMQ", "Topology",
        "Events", "Postgres", "Time", "TestServers",
      ]),

    // The marketplaces.
    library(
      "Marketplaces",
      ["Postgres", "Events", "JSON", "Time", .crypto, .httpClient, .nio, .nioSSL, .logging, .metrics]),
    tests(
      "Marketplaces",
      [
        "TestServers", "Postgres", "Events", "JSON", "Time", .httpClient, .hummingbird, .lifecycle, .logging,
        .nio,
      ]),
    library("Allegro", ["Marketplaces", "Events", "JSON", "Time", .httpClient, .logging]),
    tests(
      "Allegro",
      [
        "Marketplaces", "Simulator", "TestServers", "TestShops", "Events", "JSON", "Time", .httpClient,
        .lifecycle,
        .logging, .nio,
      ]),
    library("BackMarket", ["Marketplaces", "Events", "JSON", "Time", .httpClient, .logging]),
    tests("BackMarket", ["Marketplaces", "TestShops", "Events", "JSON", "Time"]),
    library("Refurbed", ["Marketplaces", "Events", "JSON", "Time", .httpClient, .logging]),
    tests("Refurbed", ["Marketplaces", "TestShops", "Events", "JSON", "Time", .crypto]),
    library("WooCommerce", ["Marketplaces", "Events", "JSON", "Time", .httpClient, .logging]),
    tests("WooCommerce", ["Marketplaces", "TestShops", "Events", "JSON", "Time", .crypto]),
    library("Clover", ["Marketplaces", "Events", "JSON", "Time", .httpClient, .logging]),
    tests("Clover", ["Marketplaces", "TestShops", "Events", "JSON", "Time"]),
    library("Ebay", ["Marketplaces", "Events", "JSON", "Time", .concurrencyHelpers, .httpClient, .logging]),
    tests(
      "Ebay",
      [
        "Marketplaces", "TestShops", "Simulator", "TestServers", "Events", "JSON", "Time", .httpClient,
        .lifecycle, .logging,
      ]),
    library(
      "Square",
      ["Marketplaces", "Events", "JSON", "Time", .crypto, .httpClient, .concurrencyHelpers, .logging]),
    tests("Square", [.crypto, "Marketplaces", "TestShops", "Events", "JSON", "Time", .concurrencyHelpers]),
    library(
      "Shopify",
      ["Marketplaces", "Events", "JSON", "Time", .crypto, .httpClient, .concurrencyHelpers, .logging]),
    tests("Shopify", [.crypto, "Marketplaces", "Events", "JSON", "Time", .concurrencyHelpers]),
    library(
      "Polling",
      [
        "Marketplaces", "Lane", "Outbox", "Postgres", "Events", "JSON", "Time", "Topology", .crypto, .logging,
        .metrics, .lifecycle,
      ]),
    tests(
      "Polling",
      ["Marketplaces", "Lane", "Outbox", "Postgres", "TestServers", "Events", "JSON", "Time", .logging, .nio]),

    // What goes out to them.
    library(
      "Push",
      [
        "StockLedger", "Marketplaces", "Lane", "Outbox", "Postgres", "Topology", "JSON", "Time", .logging,
        .metrics,
      ]),
    tests(
      "Push",
      [
        "Propagation", "Reconciliation", "StockLedger", "Marketplaces", "Polling", "Lane", "Outbox",
        "Postgres", "TestServers", "Events", "JSON", "Time", .concurrencyHelpers,
      ]),
    library(
      "Propagation",
      ["Push", "Marketplaces", "Lane", "Postgres", "Topology", "Events", "JSON", "Time", .logging]),
    tests("Propagation", ["Marketplaces", "Events", "JSON", "Lane", "Postgres", "TestServers", "Time"]),
    library(
      "Reconciliation",
      [
        "Alerts", "StockLedger", "Polling", "Marketplaces", "Lane", "Outbox", "Postgres", "Topology",
        "Events",
        "JSON", "Time", .logging, .metrics, .lifecycle,
      ]),
    tests(
      "Reconciliation",
      [
        "BackMarket", "TestShops", "StockLedger", "Polling", "Marketplaces", "Lane", "Outbox", "Postgres",
        "TestServers", "Events", "JSON", "Time",
      ]),
    // How far events are, and what programs see of all of it.
    library("EventStatus", ["Topology", "Postgres", .logging, .lifecycle]),
    tests("EventStatus", ["Topology", "Postgres", "Time", "TestServers"]),
    library("Reads", ["Postgres", "JSON", "Time"]),
    library(
      "Realtime", ["Marketplaces", "Postgres", "Events", .logging, .lifecycle]),
    tests(
      "Realtime", ["Marketplaces", "Postgres", "Events", "JSON", "TestServers", "Time", .concurrencyHelpers]),
    library("Import", ["StockLedger", "Postgres", "Events", "JSON", "Time", .crypto]),
    tests("Import", ["Postgres", "Events", "JSON", "TestServers", "Time"]),
    library("Buyers", ["Postgres", "JSON", .logging, .lifecycle]),
    tests("Buyers", ["Postgres", "JSON", "TestServers"]),

    // The people in front of it.
    library("Settings", ["Postgres", "RabbitMQ", "Topology", .configuration, .logging]),
    tests("Settings", ["RabbitMQ", "Topology", .logging]),
    library(
      "Desk",
      [
        "RabbitMQ", "Readiness", "Topology", "Postgres", "Lane", "Outbox", "Events", "JSON", "Time", .crypto,
        .httpClient, .nio,
      ]),
    tests(
      "Desk",
      [
        "RabbitMQ", "Readiness", "Topology", "Postgres", "Lane", "Outbox", "StockLedger", "Events", "JSON",
        "Time", "TestServers", .concurrencyHelpers,
      ]),
    library(
      "Gateway",
      [
        "Postgres", "JSON", "Time", .hummingbird, .hummingbirdCore, .httpTypes, .nioHTTPTypes,
        .nioHTTPTypesHTTP1, .nioHTTP1, .nioWebSocket, .nio,
        .concurrencyHelpers, .crypto, .jwt, .lifecycle, .logging, .metrics, .coreMetrics,
      ]),
    tests(
      "Gateway",
      [
        "Postgres", "TestServers", "JSON", .hummingbird, .hummingbirdTesting, .httpTypes, .nio, .jwt,
        .concurrencyHelpers, .lifecycle,
        .logging, .metrics, .coreMetrics,
      ]),
    .target(
      name: "Dashboard",
      dependencies: [
        "Gateway", "JSON", "Time", "Postgres", .mustache, .hummingbird, .httpTypes, .crypto, .nio, .lifecycle,
        .logging, .concurrencyHelpers,
      ],
      resources: [.copy("templates"), .copy("assets")], swiftSettings: settings),
    tests(
      "Dashboard",
      ["Gateway", "RabbitMQ", "Topology", "Postgres", "JSON", "Time", "TestServers", .httpClient, .nio]),
    library(
      "Live",
      [
        "Conversations", "Gateway", "Postgres", "JSON", "Time", .hummingbird, .httpTypes, .concurrencyHelpers,
        .lifecycle, .logging, .metrics,
      ]),
    tests(
      "Live",
      [
        "Conversations", "Gateway", "Postgres", "TestServers", "JSON", .hummingbird, .hummingbirdTesting,
        .httpTypes, .httpClient, .nio, .nioPosix, .nioHTTP1,
      ]),
    library(
      "Alerts",
      ["Postgres", "JSON", .concurrencyHelpers, .httpClient, .nio, .nioHTTP1, .lifecycle, .logging, .metrics]),
    tests("Alerts", ["Postgres", "TestServers", .concurrencyHelpers, .httpClient, .logging]),
    library(
      "Intake",
      [
        "Gateway", "Marketplaces", "Polling", "Outbox", "Postgres", "Events", "JSON", "Time", .hummingbird,
        .httpTypes, .concurrencyHelpers, .deque, .lifecycle, .logging, .metrics,
      ]),
    tests(
      "Intake",
      [
        "Gateway", "Marketplaces", "Polling", "Outbox", "Postgres", "TestServers", "Events", "JSON", "Time",
        .hummingbird, .hummingbirdTesting, .httpTypes, .crypto, .nio, .nioPosix, .lifecycle, .logging,
      ]),
    library(
      "OrderEvents", ["Marketplaces", "Outbox", "Postgres", "Events", "JSON", "Time", .logging, .lifecycle]),
    .target(
      name: "API",
      dependencies: [
        "Gateway", "Reads", "EventStatus", "OrderEvents", "Polling", "Marketplaces", "Desk", "Outbox",
        "Postgres",
        "RabbitMQ", "Topology", "Events", "JSON", "Time", .hummingbird, .httpTypes, .nio, .nioPosix,
      ],
      resources: [.copy("openapi.yaml")], swiftSettings: settings),
    tests(
      "API",
      [
        "Gateway", "Intake", "Live", "EventStatus", "OrderEvents", "Polling", "Marketplaces", "Desk",
        "Outbox",
        "Postgres",
        "Topology", "TestServers", "Events", "JSON", "Time", .hummingbird, .hummingbirdTesting, .httpTypes,
        .nio,
        .yams,
      ]),
    library(
      "Simulator",
      [
        "JSON", "Time", .crypto, .httpClient, .hummingbirdCore, .httpTypes, .nio, .nioPosix, .lifecycle,
        .logging,
      ]),
    tests("Simulator", ["JSON", "Time", .httpClient, .nio, .lifecycle, .logging]),
    library(
      "Commands",
      [
        "Settings", "Schema", "Topology", "Postgres", "RabbitMQ", "Lane", "Outbox", "StockLedger",
        "OrderSync", "Conversations", "Messaging", "Disputes", "Push", "Propagation", "Reconciliation",
        "EventStatus", "OrderEvents", "Reads", "API",
        "Realtime", "Buyers", "Import",
        "Marketplaces", "Allegro",
        "BackMarket", "Clover", "Ebay", "Refurbed", "Shopify", "Square", "WooCommerce",
        "Polling", "Desk", "Gateway", "Simulator", "Events", "JSON", "Time",
        "Intake", "Live", "Alerts",
        "Dashboard",
        .argumentParser, .logging, .metrics, .lifecycle, .signals, .httpClient, .hummingbird, .nio,
      ]),
    tests(
      "Commands",
      [
        "TestServers", "Postgres", "RabbitMQ", "Settings", "Topology", "JSON", "Simulator", "Marketplaces",
        .httpClient, .lifecycle, .logging, .nio, .nioHTTP1, .nioPosix,
      ]),
    // What every marketplace's adapter must do against its simulator.
    .testTarget(
      name: "ConformanceTests",
      dependencies: [
        "Allegro", "BackMarket", "Clover", "Ebay", "Refurbed", "Shopify", "Square", "WooCommerce",
        "Marketplaces", "Simulator", "Gateway", "Intake", "Polling", "Outbox", "Lane", "Conversations",
        "Disputes", "StockLedger", "OrderSync", "Topology", "Postgres",
        "TestShops", "TestServers", "Events", "JSON",
        "Time",
        .httpClient,
        .hummingbird, .hummingbirdTesting, .httpTypes, .nio, .lifecycle, .logging,
      ], swiftSettings: settings),
    .executableTarget(name: "crossdock", dependencies: ["Commands"], swiftSettings: settings),

    // What ops/instructions counts.
    .executableTarget(
      name: "decoding-cost", dependencies: ["Events", "Lane", "RabbitMQ", "Time"],
      path: "ops/benchmarks/decoding", swiftSettings: settings),

    // What processes of the release before say and ask, recorded in Tests/UpgradeTests/<release>.
    .testTarget(
      name: "UpgradeTests",
      dependencies: [
        "Lane", "StockLedger", "OrderSync", "Conversations", "Messaging", "Disputes", "Topology", "Schema",
        "Postgres", "Events", "JSON", "TestServers",
      ],
      resources: [.copy("0.1.0")], swiftSettings: settings),

    // Twenty-five inputs from real life, from what a marketplace says to the tables.
    .testTarget(
      name: "InputsTests",
      dependencies: [
        "Allegro", "Shopify", "Marketplaces", "Polling", "Intake", "Gateway", "Conversations", "StockLedger",
        "OrderSync", "Messaging", "Propagation", "Lane", "Outbox", "Topology", "Postgres", "Events", "JSON",
        "Time", "TestServers", .crypto, .httpTypes, .hummingbird, .hummingbirdTesting, .nio,
        .concurrencyHelpers,
        .logging,
      ], swiftSettings: settings),

    // What ops/ says, against what the code does.
    .testTarget(
      name: "OpsTests",
      dependencies: [
        "Alerts", "Commands", "Settings", "Topology", "RabbitMQ", "Polling", "Lane", "Marketplaces", "Events",
        "JSON", "Postgres", "TestServers", .yams, .concurrencyHelpers, .httpClient, .nio,
      ], swiftSettings: settings),
  ]
)
