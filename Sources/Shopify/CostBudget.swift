import JSON
import Time

/// The cost of a query and what is left to spend, as `extensions.cost` of an answer says it. Shopify counts points, not
/// calls: a shop has a bucket of them that refills at a steady rate.
struct CostReport: Sendable, Equatable {
  var requested: Double
  var maximum: Double
  var available: Double
  /// Points that come back in a second.
  var restoreRate: Double

  /// Nil when the answer doesn't say all of it.
  init?(_ json: JSON) {
    let cost = json["extensions"]["cost"]
    let throttle = cost["throttleStatus"]
    guard let requested = Self.points(cost["requestedQueryCost"]),
      let available = Self.points(throttle["currentlyAvailable"]),
      let rate = Self.points(throttle["restoreRate"]), rate > 0
    else { return nil }
    self.requested = requested
    self.available = available
    restoreRate = rate
    maximum = Self.points(throttle["maximumAvailable"]) ?? available
  }

  /// How long until a query of that cost can be asked; at least a tenth of a second when it can't be now.
  func wait(for cost: Double) -> Duration {
    let missing = min(cost, maximum) - available
    return missing > 0 ? .milliseconds(max(100, Int64((missing / restoreRate * 1_000).rounded(.up)))) : .zero
  }

  private static func points(_ json: JSON) -> Double? {
    json.text.flatMap { Double($0) }.flatMap { $0.isFinite && $0 >= 0 ? $0 : nil }
  }
}

/// What this process knows of a shop's points: the latest report, and what each query was said to cost. It keeps us
/// from asking what would be refused; other workers have their own, and a refusal stops all of them for a while.
struct CostBudget: Sendable {
  private var latest: (report: CostReport, at: Timestamp)?
  private var costs: [String: Double] = [:]

  /// How long to wait before asking that query, by its name.
  func wait(before query: String, at now: Timestamp) -> Duration {
    guard let latest, let cost = costs[query] else { return .zero }
    var report = latest.report
    let since = max(now - latest.at, .zero) / .seconds(1)
    report.available = min(report.maximum, report.available + since * report.restoreRate)
    return report.wait(for: cost)
  }

  mutating func note(_ report: CostReport, of query: String, at now: Timestamp) {
    latest = (report, now)
    costs[query] = report.requested
  }
}
