import JSON
package import Marketplaces
package import Time

package import struct Foundation.UUID

/// One order to poll one feed; the body of a message on `<namespace>.poll`.
package struct PollJob: Sendable, Equatable {
  /// `feed@slot`; a continuation adds its number, as in `orders@1767225600.2`.
  package var jobId: String
  package var connectionId: UUID
  package var feed: Feed
  /// A job that comes later than this is acked and forgotten, since its feed has got another one by then (Rule 24:
  /// a time to live in the broker would dead-letter it).
  package var expiresAt: Timestamp
  package var reason: Reason
  package var lookback: Duration?
  package var batchSize: Int?
  package var maxPages: Int?
  package var dryRun: Bool
  /// The row of `poll_runs` that somebody waits for.
  package var runId: Int64?
  /// Only for `listings`: re-read just these (Rule 9: a snapshot that lies too near to a sale is read again).
  package var listings: [String]
  /// Only for `orders`: read just these.
  package var orders: [String]
  /// Only for `orders` and `listings`: read just what webhooks have named (`NamedReads`).
  package var readsNamed: Bool

  package enum Reason: String, Sendable { case schedule, manual, continuation, reread, webhook }

  package init(
    jobId: String, connectionId: UUID, feed: Feed, expiresAt: Timestamp, reason: Reason,
    lookback: Duration? = nil, batchSize: Int? = nil, maxPages: Int? = nil, dryRun: Bool = false,
    runId: Int64? = nil, listings: [String] = [], orders: [String] = [],
    readsNamed: Bool = false
  ) {
    self.jobId = jobId
    self.connectionId = connectionId
    self.feed = feed
    self.expiresAt = expiresAt
    self.reason = reason
    self.lookback = lookback
    self.batchSize = batchSize
    self.maxPages = maxPages
    self.dryRun = dryRun
    self.runId = runId
    self.listings = listings
    self.orders = orders
    self.readsNamed = readsNamed
  }

  /// The message's id, the same for every copy of the job.
  package var messageId: String { "poll:\(connectionId.uuidString.lowercased()):\(jobId)" }

  /// The job that goes on where this one's pages ended.
  func continuation(expiresAt: Timestamp) -> PollJob {
    var next = self
    let parts = jobId.split(separator: ".", maxSplits: 1)
    let number = parts.count == 2 ? Int(parts[1]) ?? 1 : 1
    next.jobId = "\(parts.first ?? "").\(number + 1)"
    next.expiresAt = expiresAt
    next.reason = .continuation
    // Whoever waits for the run asked for its pages, not for all that follow.
    next.runId = nil
    return next
  }
}

extension PollJob {
  /// Why a body is not a poll job, in one plain sentence.
  package struct Problem: Error, Sendable, Equatable, CustomStringConvertible {
    package let description: String
  }

  package func encode() -> [UInt8] {
    var json: JSON = [
      "jobId": .string(jobId), "connectionId": .string(connectionId.uuidString.lowercased()),
      "feed": .string(feed.rawValue), "expiresAt": .time(expiresAt), "reason": .string(reason.rawValue),
    ]
    if let lookback { json["lookbackSeconds"] = .integer(lookback.components.seconds) }
    if let batchSize { json["batchSize"] = .integer(batchSize) }
    if let maxPages { json["maxPages"] = .integer(maxPages) }
    if dryRun { json["dryRun"] = true }
    if let runId { json["runId"] = .integer(runId) }
    if !listings.isEmpty { json["listings"] = .array(listings.map(JSON.string)) }
    if !orders.isEmpty { json["orders"] = .array(orders.map(JSON.string)) }
    if readsNamed { json["readsNamed"] = true }
    return json.bytes
  }

  package static func decode(_ body: [UInt8]) throws(Problem) -> PollJob {
    let json: JSON
    do { json = try JSON.parse(body) } catch { throw Problem(description: "the poll job is \(error)") }
    guard let connectionId = json["connectionId"].text.flatMap(UUID.init(uuidString:)) else {
      throw Problem(description: "the poll job's connectionId is not a UUID")
    }
    guard let feed = json["feed"].text.flatMap(Feed.init) else {
      throw Problem(description: "the poll job's feed is none of \(Feed.allCases.map(\.rawValue))")
    }
    guard let expiresAt = json["expiresAt"].timestamp else {
      throw Problem(description: "the poll job's expiresAt is not a time")
    }
    guard let jobId = json["jobId"].text, !jobId.isEmpty, jobId.utf8.count <= 200 else {
      throw Problem(description: "the poll job has no jobId")
    }
    return PollJob(
      jobId: jobId, connectionId: connectionId, feed: feed, expiresAt: expiresAt,
      reason: json["reason"].text.flatMap(Reason.init) ?? .manual,
      lookback: bounded(json["lookbackSeconds"], 1...31_536_000).map { .seconds($0) },
      batchSize: bounded(json["batchSize"], 1...1_000), maxPages: bounded(json["maxPages"], 1...10_000),
      dryRun: json["dryRun"].bool ?? false, runId: json["runId"].integer,
      listings: json["listings"].array.prefix(1_000).compactMap(\.text),
      orders: json["orders"].array.prefix(1_000).compactMap(\.text),
      readsNamed: json["readsNamed"].bool ?? false)
  }

  private static func bounded(_ json: JSON, _ range: ClosedRange<Int>) -> Int? {
    json.integer.map { Int(clamping: min(max($0, Int64(range.lowerBound)), Int64(range.upperBound))) }
  }
}
