import ArgumentParser
import Marketplaces
import Postgres
import RabbitMQ
import Schema
import Settings

/// How a command ends when it can't do its work: a status and one plain sentence with a remedy.
package struct Failure: Error, Sendable, Equatable {
  /// The exit statuses that scripts rely on.
  package enum Status: Int32, Sendable {
    /// The check found something, a plan was refused, or the work could not be done.
    case found = 1
    case usage = 64
    /// Broker or database can't be reached.
    case unreachable = 69
    case configuration = 78
  }

  package var status: Status
  /// Empty when the command has said it all.
  package var sentence: String

  package init(_ status: Status, _ sentence: String) {
    self.status = status
    self.sentence = sentence
  }
}

extension Failure {
  /// The one table from what was thrown to how the command ends; nil for what argument parsing throws.
  init?(_ error: any Error) {
    switch error {
    case let failure as Failure: self = failure
    case let error as SettingsError: self.init(.configuration, error.description)
    case let error as AddressError:
      self.init(
        .configuration, "AMQP_URL can't be used: \(error.reason); give amqp://user:password@host:port")
    case let error as PostgresError: self.init(error)
    case let error as RabbitMQError: self.init(error)
    case let error as MigrationError: self.init(.found, error.description)
    case let error as SecretError: self.init(.configuration, error.description)
    case is ExitCode, is CleanExit, is ValidationError: return nil
    case is CancellationError: self.init(.found, "interrupted")
    default:
      // What argument parsing throws has its own words and statuses.
      guard Crossdock.exitCode(for: error) == .failure else { return nil }
      self.init(.found, "\(error)")
    }
  }

  private init(_ error: PostgresError) {
    switch (error.kind, error.sqlState) {
    case (.unavailable, _):
      self.init(
        .unreachable,
        "the database can't be used: \(error.message); check DATABASE_URL and that Postgres runs")
    case (_, "42P01"), (_, "42703"), (_, "3F000"):
      self.init(.configuration, "the database's schema is not up to date: run `crossdock migrate`")
    default: self.init(.found, error.description)
    }
  }

  private init(_ error: RabbitMQError) {
    if error.scope == .connection {
      self.init(
        .unreachable, "\(error.operation) failed: \(error.text); check AMQP_URL and that RabbitMQ runs")
    } else if error.code == 404 {
      self.init(.found, "cannot \(error.operation): \(error.text); run `crossdock topology apply`")
    } else {
      self.init(.found, error.description)
    }
  }
}
