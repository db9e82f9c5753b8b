package import JSON

/// What is wrong, in words. A pure function of what the API says.
package enum PipelineAlerts {
  package struct Alert: Sendable, Equatable {
    package var text: String
    package var isSerious: Bool
  }

  /// `queues` as `/api/v1/queues` gives them, those that are late with `drains` (`lanes`, `seconds`); `monitor` as the data of `/api/v1/sync/monitor/status`.
  package static func all(queues: [JSON], monitor: JSON) -> [Alert] {
    var alerts: [Alert] = []
    if monitor["scheduler"]["running"].bool == false {
      alerts.append(
        Alert(text: "No scheduler runs: nothing is polled. Start crossdock scheduler.", isSerious: true))
    }
    let age = monitor["outbox"]["oldest_age_seconds"].text.flatMap { Double($0) } ?? 0
    if age > 60 {
      alerts.append(
        Alert(
          text:
            "The outbox has waited for \(Shown.span(seconds: age)): is a relay running, does RabbitMQ answer?",
          isSerious: true))
    }
    alerts += queues.compactMap(of)
    alerts += queues.compactMap(dead)
    for breaker in monitor["breakers"].array {
      let name = "\(breaker["connection"].text ?? "?") (\(breaker["platform"].text ?? "?"))"
      alerts.append(
        Alert(
          text: "\(name) is not called: its breaker for \(breaker["error_class"].text ?? "errors") is open "
            + "after \(Shown.number(breaker["failures"])) failures.", isSerious: true))
    }
    for feed in monitor["feeds"].array where ["failing", "stopped"].contains(feed["status"].text) {
      let name = "\(feed["connection"].text ?? "?"), \(feed["feed"].text ?? "?")"
      alerts.append(
        Alert(
          text: "\(name) can't be polled: \(feed["last_error"].text ?? "no reason given")", isSerious: false))
    }
    return alerts
  }

  /// Fewer waiting messages than this are worked off before anybody could act.
  private static let few = 1_000.0

  private static func of(_ queue: JSON) -> Alert? {
    let name = queue["queue"].text?.split(separator: ".").dropFirst().joined(separator: ".") ?? "?"
    guard let ready = figure(queue["ready"]), ready > 0 else { return nil }
    if name == "unrouted" {
      return Alert(
        text: "\(Shown.number(ready)) events have no queue: see crossdock topology check.", isSerious: false)
    }
    if figure(queue["consumers"]) == 0 {
      return Alert(
        text:
          "Nobody consumes \(name): \(Shown.number(ready)) messages wait. Start crossdock worker --role \(name).",
        isSerious: true)
    }
    guard ready >= few, let pace = figure(queue["out_per_second"]) else { return nil }
    let coming = figure(queue["in_per_second"]) ?? 0
    let drains = drains(queue)
    guard pace > coming else {
      return Alert(
        text: "\(name) falls behind: \(Shown.number(ready)) wait, \(Shown.number(coming)) come and "
          + "\(Shown.number(pace)) are done a second\(drains.map { "; it \($0)" } ?? "").", isSerious: true)
    }
    let now = "drains in \(Shown.span(seconds: ready / (pace - coming)))"
    return Alert(
      text: "\(name) is late: \(Shown.number(ready)) wait; it \(drains ?? now).", isSerious: false)
  }

  /// "drains in 14 min with 2 lanes, in 5 min with 6", where the lanes have been measured.
  private static func drains(_ queue: JSON) -> String? {
    let parts = queue["drains"].array.compactMap { drain -> String? in
      guard let lanes = drain["lanes"].integer else { return nil }
      let with = "with \(lanes) \(lanes == 1 ? "lane" : "lanes")"
      guard let seconds = figure(drain["seconds"]) else { return "never \(with)" }
      return "in \(Shown.span(seconds: seconds)) \(with)"
    }
    return parts.isEmpty ? nil : "drains " + parts.joined(separator: ", ")
  }

  private static func dead(_ queue: JSON) -> Alert? {
    guard let dead = figure(queue["dead_letters"]), dead > 0, let name = queue["queue"].text else {
      return nil
    }
    let plain = name.split(separator: ".").dropFirst().joined(separator: ".")
    return Alert(text: "\(plain) has \(Shown.number(dead)) dead letters.", isSerious: false)
  }

  private static func figure(_ value: JSON) -> Double? { value.text.flatMap { Double($0) } }
}
