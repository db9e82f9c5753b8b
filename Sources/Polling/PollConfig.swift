import Marketplaces
package import Postgres

/// What a person has set at run time about the polling of orders, for every process; nil where the environment of each
/// decides (`ENABLE_ORDER_POLLING`, `ORDER_POLLING_…`).
package struct PollConfig: Sendable, Equatable {
  package var isEnabled: Bool?
  package var intervalMinutes: Int?
  package var lookbackMinutes: Int?
  package var batchSize: Int?
  package var maxPages: Int?

  package init() {}

  package static func read(on connection: Connection) throws -> PollConfig {
    let rows = try connection.query(
      "SELECT enabled, interval_minutes, lookback_minutes, batch_size, max_pages FROM polling_config")
    var config = PollConfig()
    guard let row = rows.first else { return config }
    config.isEnabled = row.isNull(0) ? nil : row.bool(0)
    config.intervalMinutes = row.optionalInt(1)
    config.lookbackMinutes = row.optionalInt(2)
    config.batchSize = row.optionalInt(3)
    config.maxPages = row.optionalInt(4)
    return config
  }

  /// Keeps what is given here, and leaves what is not as it was set before.
  package func merge(by actor: String, on connection: Connection) throws {
    try connection.query(
      """
      INSERT INTO polling_config AS p
        (enabled, interval_minutes, lookback_minutes, batch_size, max_pages, updated_by)
      VALUES ($1, $2::bigint, $3::bigint, $4::bigint, $5::bigint, $6)
      ON CONFLICT (singleton) DO UPDATE
      SET enabled = coalesce(excluded.enabled, p.enabled),
          interval_minutes = coalesce(excluded.interval_minutes, p.interval_minutes),
          lookback_minutes = coalesce(excluded.lookback_minutes, p.lookback_minutes),
          batch_size = coalesce(excluded.batch_size, p.batch_size),
          max_pages = coalesce(excluded.max_pages, p.max_pages),
          updated_by = excluded.updated_by, updated_at = now()
      """, [isEnabled, intervalMinutes, lookbackMinutes, batchSize, maxPages, actor])
  }
}

extension PollSettings {
  /// The settings with what was set at run time in place of the environment's.
  package func overridden(by config: PollConfig) -> PollSettings {
    var settings = self
    if let size = config.batchSize { settings.batchSize = size }
    if let pages = config.maxPages { settings.maxPages = pages }
    if let minutes = config.lookbackMinutes { settings.lookback = .seconds(minutes * 60) }
    if let minutes = config.intervalMinutes { settings.orderSchedule = .every(.seconds(minutes * 60)) }
    let isEnabled = config.isEnabled ?? (schedules[.orders] != nil)
    settings.schedules[.orders] = isEnabled ? settings.orderSchedule : nil
    return settings
  }
}
