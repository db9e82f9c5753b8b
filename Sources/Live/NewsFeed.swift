import Conversations
import Foundation
import Gateway
package import Logging
import Metrics
import NIOConcurrencyHelpers
package import Postgres
import ServiceLifecycle

/// Tells whoever follows a user's notifications of new ones. One connection listens for all; what is new is read from
/// the table, a page at a time and as fast as the follower takes it, so that a slow one holds nothing in memory.
package final class NewsFeed: Service {
  private let database: Database
  private let listener: Listener
  private let logger: Logger
  private let followers = NIOLockedValueBox(Followers())
  private let gauge = Gauge(label: "crossdock_streams")

  /// How many may follow at once.
  static let limit = 1_000
  static let limitPerUser = 20
  /// How often a follower hears something, and how long it may take to read it.
  static let heartbeat = Duration.seconds(15)
  static let patience = Duration.seconds(30)

  private struct Followers {
    var bells: [String: [Int: AsyncStream<Void>.Continuation]] = [:]
    var count = 0
    var next = 0
  }

  /// `url` is the database's, for the connection that listens.
  package init(url: String, database: Database, logger: Logger) {
    self.database = database
    self.logger = logger
    listener = Listener(url: url, channels: [UserNotifications.channel], name: "crossdock live")
  }

  package func run() async throws {
    await withTaskGroup(of: Void.self) { group in
      group.addTask { [self] in await hear() }
      group.addTask { [self] in
        await cancelWhenGracefulShutdown {
          while (try? await Task.sleep(for: Self.heartbeat)) != nil { self.ring(nil) }
        }
      }
      await group.waitForAll()
    }
  }

  private func hear() async {
    await withTaskCancellationOrGracefulShutdownHandler {
      await withCheckedContinuation { continuation in
        let thread = Thread { [self] in
          listener.run { note($0) }
          continuation.resume()
        }
        thread.name = "live"
        thread.stackSize = 1 << 20
        thread.start()
      }
    } onCancelOrGracefulShutdown: {
      self.listener.stop()
    }
  }

  private func note(_ event: Listener.Event) {
    switch event {
    case .listening: ring(nil)
    case .notified(let notification): ring(notification.payload)
    case .lost(let error): logger.warning("notifications are not heard: \(error)")
    }
  }

  /// Wakes the followers of one user, or all.
  private func ring(_ user: String?) {
    let bells = followers.withLockedValue { followers in
      if let user { return followers.bells[user].map { Array($0.values) } ?? [] }
      return followers.bells.values.flatMap(\.values)
    }
    for bell in bells { bell.yield() }
  }

  // MARK: Following

  /// Where to go on after `position`; without one, what is committed from now on.
  package func start(after position: News.Position?) async throws -> News.Position {
    if let position { return position }
    return try await database.withConnection { try NewsPage.now(on: $0) }
  }

  /// Sends a user's notifications after `position`, or from now on, until the task is cancelled. `send` is given nil when
  /// there was nothing for a while. Throws when there are too many followers, when `send` throws, and when it takes
  /// longer than half a minute: that client is to come again, with the position it has.
  package func follow(
    _ user: String, after position: News.Position?, send: @escaping @Sendable (News?) async throws -> Void
  ) async throws {
    let (number, rings) = try subscribe(user)
    defer { unsubscribe(user, number) }
    let start = try await start(after: position)
    let sendingSince = NIOLockedValueBox<ContinuousClock.Instant?>(nil)
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { [self] in
        try await relay(user, from: start, rings) { news in
          sendingSince.withLockedValue { $0 = .now }
          try await send(news)
          sendingSince.withLockedValue { $0 = nil }
        }
      }
      group.addTask {
        while true {
          try await Task.sleep(for: .seconds(1))
          if let since = sendingSince.withLockedValue({ $0 }), .now - since > Self.patience {
            throw TooSlow()
          }
        }
      }
      defer { group.cancelAll() }
      try await group.next()
    }
  }

  /// A client that doesn't read.
  package struct TooSlow: Error {}

  private func relay(
    _ user: String, from start: News.Position, _ rings: AsyncStream<Void>, send: (News?) async throws -> Void
  ) async throws {
    var position = start
    var lastSent = ContinuousClock.now
    try await send(nil)
    for await _ in rings {
      while true {
        let here = position
        let page = try await database.withConnection { try NewsPage.read(user, after: here, on: $0) }
        for news in page.news {
          try await send(news)
          position = news.position
          lastSent = .now
        }
        if page.isWithheld { try await Task.sleep(for: .milliseconds(50)) } else if !page.isFull { break }
      }
      if .now - lastSent >= Self.heartbeat - .seconds(1) {
        try await send(nil)
        lastSent = .now
      }
    }
  }

  private func subscribe(_ user: String) throws(Problem) -> (Int, AsyncStream<Void>) {
    let (rings, bell) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = followers.withLockedValue { followers -> Int? in
      guard followers.count < Self.limit, followers.bells[user, default: [:]].count < Self.limitPerUser else {
        return nil
      }
      followers.next += 1
      followers.count += 1
      followers.bells[user, default: [:]][followers.next] = bell
      gauge.record(followers.count)
      return followers.next
    }
    guard let number else { throw .unavailable("there are too many streams", retryAfter: 30) }
    bell.yield()
    return (number, rings)
  }

  private func unsubscribe(_ user: String, _ number: Int) {
    followers.withLockedValue { followers in
      followers.bells[user]?[number] = nil
      if followers.bells[user]?.isEmpty == true { followers.bells[user] = nil }
      followers.count -= 1
      gauge.record(followers.count)
    }
  }
}
