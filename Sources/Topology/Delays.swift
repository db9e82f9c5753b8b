/// One tier of waiting: a delay exchange with a delay queue of the same name.
package struct Delay: Sendable, Hashable {
  /// As written, "5s": a part of the exchange's name.
  package let name: String
  package let milliseconds: Int64

  package var duration: Duration { .milliseconds(milliseconds) }
}

/// The tiers of waiting, shortest first; there is at least one.
package struct Delays: Sendable, Hashable, CustomStringConvertible {
  package let tiers: [Delay]

  package static let standard = Delays(tiers: [
    Delay(name: "5s", milliseconds: 5_000), Delay(name: "30s", milliseconds: 30_000),
    Delay(name: "5m", milliseconds: 300_000), Delay(name: "30m", milliseconds: 1_800_000),
  ])

  /// Reads a list such as "5s,30s,5m,30m", in any order; the units are ms, s, m and h, and a day is the most.
  package init(_ list: String) throws(DelaysError) {
    var tiers: [Delay] = []
    for part in list.split(separator: ",") {
      let name = part.filter { $0 != " " }
      guard let milliseconds = Self.milliseconds(name) else { throw DelaysError(value: name) }
      if !tiers.contains(where: { $0.milliseconds == milliseconds }) {
        tiers.append(Delay(name: name, milliseconds: milliseconds))
      }
    }
    guard !tiers.isEmpty else { throw DelaysError(value: list) }
    self.init(tiers: tiers.sorted { $0.milliseconds < $1.milliseconds })
  }

  private init(tiers: [Delay]) {
    self.tiers = tiers
  }

  package var description: String { tiers.map(\.name).joined(separator: ",") }

  /// Where a message waits before its next attempt: by the attempts that have failed (1 for the first), or the next
  /// tier from there on that is not shorter than what the marketplace asked for; the longest when none is.
  package func tier(forAttempt attempt: Int, retryAfter: Duration? = nil) -> Delay {
    let start = min(max(attempt, 1), tiers.count) - 1
    guard let retryAfter else { return tiers[start] }
    return tiers[start...].first { $0.duration >= retryAfter } ?? tiers[tiers.count - 1]
  }

  private static func milliseconds(_ text: String) -> Int64? {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard let count = Int64(digits), count > 0 else { return nil }
    let units: [String: Int64] = ["ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000]
    guard let unit = units[String(text.dropFirst(digits.count))] else { return nil }
    let (milliseconds, overflow) = count.multipliedReportingOverflow(by: unit)
    return overflow || milliseconds > 86_400_000 ? nil : milliseconds
  }
}

/// A list of delays that can't be used.
package struct DelaysError: Error, Equatable, CustomStringConvertible {
  package let value: String
  package var description: String {
    "'\(value)' is no delay: write a list such as 5s,30s,5m,30m, none longer than 24h"
  }
}
