import JSON
import Marketplaces
import Polling
import Postgres
import Reads
import Time

/// How the polling of orders stands, in the words that existing users know (requirements, order polling).
struct PollingStanding: Sendable {
  var settings: PollSettings
  var statistics: PollStatistics
  var isSchedulerRunning: Bool
  /// Of the feeds of orders; nil when there is none with a schedule.
  var nextDueAt: Timestamp?
  var failingFeeds: Int
  var now: Timestamp

  static func read(
    _ environment: PollSettings, ofUser user: String?, on connection: Connection
  ) throws -> PollingStanding {
    let rows = try connection.query(
      """
      SELECT min(f.next_due_at), count(*) FILTER (WHERE f.status IN ('failing','stopped')), clock_timestamp()
        FROM feeds f JOIN platform_connections c ON c.id = f.connection_id AND c.status = 'enabled'
       WHERE f.feed = ANY($1) AND ($2::text IS NULL OR c.user_id = $2)
      """, [PollStatistics.feeds.map(\.rawValue).sorted(), user])
    return PollingStanding(
      settings: environment.overridden(by: try PollConfig.read(on: connection)),
      statistics: try PollStatistics.read(ofUser: user, on: connection),
      isSchedulerRunning: try MonitorReads.scheduler(on: connection)["running"].bool ?? false,
      nextDueAt: rows.first?.optionalTimestamp(0), failingFeeds: rows.first?.int(1) ?? 0,
      now: rows.first?.timestamp(2) ?? .now())
  }

  private var isEnabled: Bool { settings.schedules[.orders] != nil }

  private var secondsUntilNext: Int64? {
    guard isEnabled, let nextDueAt else { return nil }
    return max(0, (nextDueAt - now).components.seconds)
  }

  private var word: JSON {
    if !isEnabled { return "disabled" }
    if !isSchedulerRunning { return "scheduler_not_running" }
    guard let secondsUntilNext else { return "waiting_for_first_poll" }
    return secondsUntilNext == 0 ? "due" : "waiting_for_interval"
  }

  var config: JSON {
    [
      "enabled": .bool(isEnabled), "interval_minutes": minutes(settings.orderSchedule),
      "lookback_minutes": minutes(settings.lookback), "batch_size": .integer(settings.batchSize),
      "max_pages": .integer(settings.maxPages),
    ]
  }

  func status(areWebhooksEnabled: Bool) -> JSON {
    var members = config.object
    members["last_poll_time"] = .time(statistics.lastPollTime)
    members["polling_service_initialized"] = .bool(isSchedulerRunning)
    members["will_execute_next_cycle"] = .bool(isSchedulerRunning && secondsUntilNext == 0)
    members["seconds_until_next_poll"] = secondsUntilNext.map { .integer($0) } ?? .null
    members["webhooks_enabled"] = .bool(areWebhooksEnabled)
    members["status"] = word
    members["statistics"] = statistics.json
    return .object(members)
  }

  var health: JSON {
    let isWell = failingFeeds == 0 && (!isEnabled || isSchedulerRunning)
    return [
      "status": isEnabled && !isSchedulerRunning ? "unhealthy" : isWell ? "healthy" : "degraded",
      "enabled": .bool(isEnabled), "scheduler_running": .bool(isSchedulerRunning),
      "failing_feeds": .integer(failingFeeds), "last_poll_time": .time(statistics.lastPollTime),
      "success_rate": .init(floatLiteral: statistics.successRate), "errors": statistics.errorsByClass,
    ]
  }

  private func minutes(_ schedule: FeedSchedule) -> JSON {
    if case .every(let duration) = schedule { minutes(duration) } else { .null }
  }

  /// Whole where it is.
  private func minutes(_ duration: Duration) -> JSON {
    let seconds = duration.wholeMicroseconds / 1_000_000
    return seconds % 60 == 0 && seconds > 0
      ? .integer(seconds / 60) : .init(floatLiteral: Double(duration.wholeMicroseconds) / 60_000_000)
  }
}

extension PollTrigger.Outcome {
  /// In the words that existing users know.
  var json: JSON {
    let good = statistics.newlySynced + statistics.updated
    let words =
      isDryRun
      ? "Dry run: \(events) orders found, \(statistics.alreadySynced) of them known"
      : "Polling complete: \(good)/\(statistics.totalPolled) orders synced"
    let isBad = !runErrors.isEmpty || statistics.syncErrors > 0
    var duration = 0.0
    if let startedAt, let finishedAt {
      duration = Double((finishedAt - startedAt).wholeMicroseconds / 10_000) / 100
    }
    var figures = statistics.json
    if isDryRun { figures["total_polled"] = .integer(events) }
    return [
      "status": isComplete ? (isBad ? "error" : "success") : "running",
      "timestamp": .time(finishedAt ?? startedAt ?? .now()),
      "duration_seconds": .init(floatLiteral: max(0, duration)),
      "message": .string(isComplete ? words : "Polling is under way"), "dry_run": .bool(isDryRun),
      "statistics": figures, "errors": .array(Set(runErrors).sorted().map { .string($0) }),
    ]
  }
}
