package import RabbitMQ
package import Topology

/// What every lane of a process shares.
package struct LaneConfiguration: Sendable {
  package var brokers: [Address]
  package var database: String
  package var topology: Topology
  /// The most messages of one transaction.
  package var batch: Int
  /// How often a message may fail before it is a dead letter (`CROSSDOCK_MAX_ATTEMPTS`).
  package var maxAttempts: Int
  /// The version that stands in dead letters.
  package var build: String

  package init(
    brokers: [Address], database: String, topology: Topology, batch: Int = 1_000, maxAttempts: Int = 5,
    build: String
  ) {
    self.brokers = brokers
    self.database = database
    self.topology = topology
    self.batch = batch
    self.maxAttempts = maxAttempts
    self.build = build
  }
}
