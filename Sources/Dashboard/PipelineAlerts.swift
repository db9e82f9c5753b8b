package import JSON

/// What is wrong, in words. A pure function of what the API says.
package enum PipelineAlerts {
  package struct Alert: Sendable, Equatable {
    package var text: String
    package var isSerious: Bool
  }

  /// `queues` as `/api/v1/queues` gives them, `monitor` as the data of `/api/v1/sync/monitor/status`.
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
    guard pace > coming else {
      return Alert(
        text: "\(name) falls behind: \(Shown.number(ready)) wait, \(Shown.number(coming)) come and "
          + "\(Shown.number(pace)) are done a second. More lanes or workers help.", isSerious: true)
    }
    return Alert(
      text:
        "\(name) is late: \(Shown.number(ready)) wait, drained in \(Shown.span(seconds: ready / (pace - coming))).",
      isSerious: false)
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
