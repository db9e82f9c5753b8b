import HummingbirdCore
package import Logging
import NIOCore
import NIOPosix
import ServiceLifecycle
package import Time

/// The marketplaces on one port: shops that sell of their own accord, and their truth.
package struct Simulator: Service {
  package struct Configuration: Sendable {
    package var host = "127.0.0.1"
    /// 0 takes any free one; see `boundPort`.
    package var port = 0
    package var seed: UInt64 = 1
    /// Of all accounts together.
    package var ordersPerSecond = 10.0
    package var faults = FaultLevel.none
    package var listings = 200
    /// The names of the accounts to open; empty for all.
    package var accounts: Set<String> = []
    /// How many requests a minute an account allows before it answers 429.
    package var requestsPerMinute = 9000
    /// How long an access token lives; shorter where there are faults, so that it is refreshed in a short run.
    package var tokenLifetime: Duration {
      switch faults {
      case .none: .seconds(43_199)
      case .some: .seconds(300)
      case .storm: .seconds(120)
      case .slow, .flapping, .limiting, .pages, .idle: .seconds(300)
      }
    }

    package init() {}
  }

  /// The names of all the accounts there are.
  package static let accountNames = AccountPlan.all.map(\.name)

  package let accounts: [Account]
  private let configuration: Configuration
  private let logger: Logger
  private let port: (stream: AsyncStream<Int>, continuation: AsyncStream<Int>.Continuation)

  package init(configuration: Configuration, logger: Logger = Logger(label: "simulator")) {
    self.configuration = configuration
    self.logger = logger
    port = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
    accounts = Self.open(configuration, at: .now())
  }

  /// The port it listens on, once it does; nil when it ended before that. To be asked once.
  package var boundPort: Int? {
    get async { await port.stream.first { _ in true } }
  }

  package func run() async throws {
    let front = Front(accounts: accounts, logger: logger)
    let port = port.continuation
    defer { port.finish() }
    let server = try HTTPServerBuilder.http1().buildServer(
      configuration: .init(address: .hostname(configuration.host, port: configuration.port)),
      eventLoopGroup: MultiThreadedEventLoopGroup.singleton, logger: logger
    ) { request, writer, channel in
      try await front.respond(to: request, writer: writer, localAddress: channel.localAddress)
    } onServerRunning: { channel in
      port.yield(channel.localAddress?.port ?? 0)
    }
    let services: [any Service] = [server, Ticker(accounts: accounts), WebhookCourier(accounts: accounts)]
    try await ServiceGroup(configuration: .init(services: services, logger: logger)).run()
  }

  private static func open(_ configuration: Configuration, at start: Timestamp) -> [Account] {
    let chosen = AccountPlan.all.filter {
      configuration.accounts.isEmpty || configuration.accounts.contains($0.name)
    }
    let rate = configuration.ordersPerSecond / Double(max(1, chosen.count))
    return chosen.map { plan in
      Account(
        shop: plan.shop(configuration, ordersPerSecond: rate, at: start),
        faults: FaultPlan(level: configuration.faults, seed: plan.seed(configuration)))
    }
  }

  /// The shop of one account, without a server in front of it; nil when there is no account of that name.
  package static func shop(
    of account: String, _ configuration: Configuration, at start: Timestamp
  ) -> (any Shop)? {
    AccountPlan.all.first { $0.name == account }?
      .shop(configuration, ordersPerSecond: configuration.ordersPerSecond, at: start)
  }
}

extension AccountPlan {
  fileprivate func seed(_ configuration: Simulator.Configuration) -> UInt64 {
    configuration.seed &* 1000 &+ number
  }

  fileprivate func shop(
    _ configuration: Simulator.Configuration, ordersPerSecond rate: Double, at start: Timestamp
  ) -> any Shop {
    var behaviour = Behaviour(ordersPerSecond: rate)
    behaviour.worsen(to: configuration.faults)
    adapt(&behaviour)
    let seed = seed(configuration)
    let market = Market(seed: seed, listings: configuration.listings, behaviour: behaviour, start: start)
    return open(market, seed, configuration)
  }
}

/// Keeps the markets moving while nobody asks.
private struct Ticker: Service {
  let accounts: [Account]

  func run() async throws {
    try? await cancelWhenGracefulShutdown {
      while true {
        try await Task.sleep(for: .milliseconds(100))
        for account in accounts { await account.advance(to: .now()) }
      }
    }
  }
}

extension Behaviour {
  /// What the level of faults does to the feeds.
  mutating func worsen(to level: FaultLevel) {
    switch level {
    case .none, .slow, .flapping, .limiting, .pages, .idle: break
    case .some: (repeated, late, latest, strangers) = (0.03, 0.05, 6, 0.01)
    case .storm: (repeated, late, latest, strangers) = (0.1, 0.15, 15, 0.05)
    }
  }
}
