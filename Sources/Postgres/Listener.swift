import Glibc
import NIOConcurrencyHelpers

/// What a NOTIFY said.
package struct Notification: Sendable, Equatable {
  package var channel: String
  package var payload: String
}

/// Hears NOTIFY over a connection of its own: one that is busy with something else hears only afterwards.
package final class Listener: Sendable {
  package enum Event: Sendable {
    /// It listens from now on; what was said before may have been missed.
    case listening
    case notified(Notification)
    /// It listens no longer, and tries again.
    case lost(PostgresError)
  }

  private let url: String
  private let channels: [String]
  private let name: String
  private let isStopping = NIOLockedValueBox(false)

  package init(url: String, channels: [String], name: String) {
    self.url = url
    self.channels = channels
    self.name = name
  }

  /// Makes `run` return, within a quarter of a second. Any thread may ask.
  package func stop() { isStopping.withLockedValue { $0 = true } }

  /// Blocks the calling thread, which the connection stays on, until it is stopped; a lost connection is made anew.
  package func run(_ report: (Event) -> Void) {
    while !isStopping.withLockedValue({ $0 }) {
      do {
        try listen(report)
      } catch {
        report(.lost(error))
        for _ in 1...8 where !isStopping.withLockedValue({ $0 }) { usleep(250_000) }
      }
    }
  }

  private func listen(_ report: (Event) -> Void) throws(PostgresError) {
    let connection = try Connection.open(url, name: name)
    for channel in channels {
      try connection.query("LISTEN \"\(channel.replacing("\"", with: "\"\""))\"")
    }
    report(.listening)
    var quiet = 0
    while !isStopping.withLockedValue({ $0 }) {
      while let notification = connection.nextNotification() {
        quiet = 0
        report(.notified(notification))
      }
      guard connection.isUsable else {
        throw PostgresError(kind: .unavailable, message: "lost the connection that listens")
      }
      quiet = connection.awaitInput(atMost: 250) ? 0 : quiet + 1
      // A connection whose other end has vanished without a word is found out by asking.
      if quiet >= 120 {
        quiet = 0
        try connection.query("SELECT 1")
      }
    }
  }
}
