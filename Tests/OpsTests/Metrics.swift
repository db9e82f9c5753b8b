import Foundation

/// The names of the metrics there are.
enum Metrics {
  /// What others register: RabbitMQ's plugin (as RabbitMQ 3.10 names them), the exporter for Postgres, Prometheus.
  private static let foreign: Set<String> = [
    "up", "pg_up", "rabbitmq_detailed_queue_messages", "rabbitmq_detailed_queue_messages_ready",
    "rabbitmq_detailed_queue_messages_unacked", "rabbitmq_detailed_queue_consumers",
    "rabbitmq_alarms_memory_used_watermark", "rabbitmq_alarms_free_disk_space_watermark",
  ]

  /// As they stand in `/metrics`: each name in the sources with the endings that its kind gets, and what ops/backup
  /// writes.
  static func registered() throws -> Set<String> {
    var names = foreign
    for path in OpsFiles.paths(below: "Sources", ending: ".swift") {
      for match in try OpsFiles.text(path).matches(of: /(?:(\w+)\(\s*label:\s*)?"(crossdock_\w+)["{]/) {
        names.formUnion(exposed(String(match.2), kind: match.1.map(String.init)))
      }
    }
    for match in try OpsFiles.text("ops/backup").matches(of: /crossdock_\w+/) {
      names.insert(String(match.0))
    }
    return names
  }

  /// Those of our own that a kind is known of, without a histogram's endings: as the README lists them.
  static func documented() throws -> Set<String> {
    var names: Set<String> = []
    for path in OpsFiles.paths(below: "Sources", ending: ".swift") {
      let text = try OpsFiles.text(path)
      for match in text.matches(of: /(Timer|Recorder|Gauge|Counter)\(\s*label:\s*"(crossdock_\w+)"/) {
        names.insert(exposed(String(match.2), kind: String(match.1))[0])
      }
    }
    return names
  }

  /// The names in the README's table of metrics; `…_delayed_total` begins as the name before it does.
  static func listed(in readme: String) -> Set<String> {
    var names: Set<String> = []
    for row in readme.split(separator: "\n") where row.hasPrefix("| `crossdock_") {
      let cell = row.dropFirst(2).prefix { $0 != "|" }
      let found = cell.matches(of: /`(crossdock_\w+|…_\w+)`/).map { String($0.1) }
      guard let first = found.first else { continue }
      let stem = first.replacing(/_[a-z]+_total$/, with: "")
      for name in found { names.insert(name.hasPrefix("…") ? stem + name.dropFirst() : name) }
    }
    return names
  }

  private static func exposed(_ name: String, kind: String?) -> [String] {
    switch kind {
    case "Timer", "Recorder": [name, name + "_bucket", name + "_sum", name + "_count"]
    case "Gauge", "Meter": [name]
    case "Counter": [name.hasSuffix("_total") ? name : name + "_total"]
    default: [name, name + "_total"]
    }
  }

  /// The metrics in a query: words with an underscore that a selector or a range follows, and `up`. What stands in
  /// quotes or in `by (…)` is none.
  static func names(in expression: String) -> [String] {
    let plain = expression.replacing(/"[^"]*"/, with: "").replacing(/(by|on|without) \([^)]*\)/, with: "")
    return plain.matches(of: /\b((crossdock|rabbitmq|pg)_\w+|up)\b/).map { String($0.0) }
  }
}
