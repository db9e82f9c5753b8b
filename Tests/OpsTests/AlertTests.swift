import Alerts
import Foundation
import JSON
import Testing

struct AlertTests {
  struct Alert: Sendable, CustomTestStringConvertible {
    var name: String
    var expression: String
    var runbook: String
    var testDescription: String { name }
  }

  static func alerts() throws -> [Alert] {
    try OpsFiles.yaml("ops/prometheus/rules.yml").flatMap { $0["groups"].array }.flatMap { $0["rules"].array }
      .map { rule in
        Alert(
          name: rule["alert"].text ?? "", expression: rule["expr"].text ?? "",
          runbook: rule["annotations"]["runbook"].text ?? "")
      }
  }

  @Test(.enabled(if: Tool.promtool.isThere, "promtool is absent: install Debian's package prometheus"))
  func `promtool takes the configuration and the rules, and the rules fire when they should`() throws {
    let folder = OpsFiles.url("ops/prometheus")
    for arguments in [
      ["check", "config", "prometheus.yml"], ["check", "rules", "rules.yml"],
      ["test", "rules", "rules.test.yml"],
    ] {
      let outcome = try Tool.promtool.run(arguments, in: folder)
      #expect(outcome.status == 0, "\(outcome.text)")
    }
  }

  @Test func `the README lists every metric, and none that there is not`() throws {
    let readme = try OpsFiles.text("README.md")
    let listed = Metrics.listed(in: readme)
    let documented = try Metrics.documented()
    #expect(documented.count > 20)
    #expect(documented.subtracting(listed).sorted() == [])
    #expect(listed.subtracting(try Metrics.registered()).sorted() == [])
  }

  @Test func `every alert is tried, and has a runbook of its name`() throws {
    let trials = try OpsFiles.text("ops/prometheus/rules.test.yml")
    let alerts = try Self.alerts()
    #expect(alerts.count > 10)
    for alert in alerts {
      #expect(alert.runbook == "ops/runbooks/\(alert.name).md")
      #expect(trials.contains(alert.name) || trials.contains("CrossdockQueue.+"), "\(alert.name)")
      let text = try OpsFiles.text(alert.runbook)
      #expect(text.hasPrefix("# \(alert.name)\n"))
      for part in ["## What it means", "## What to look at", "## What to do"] { #expect(text.contains(part)) }
    }
  }

  @Test func `every alert that is posted to operators has a runbook`() throws {
    let names = Set(try Self.alerts().map(\.runbook))
    for kind in Alerts.Alert.Kind.allCases { #expect(names.contains(kind.runbook), "\(kind)") }
  }

  @Test func `every runbook is one of an alert, and its links lead somewhere`() throws {
    let names = Set(try Self.alerts().map(\.runbook) + ["ops/runbooks/restore.md"])
    let paths = OpsFiles.paths(below: "ops/runbooks", ending: ".md")
    #expect(Set(paths) == names)
    for path in paths {
      for link in try OpsFiles.text(path).matches(of: /\]\(([^)]+)\)/) {
        #expect(names.contains("ops/runbooks/\(link.1)"), "\(path) links to \(link.1)")
      }
    }
  }

  @Test func `every metric that a rule or a dashboard asks for is one that somebody registers`() throws {
    let registered = try Metrics.registered()
    var asked = Set(try Self.alerts().flatMap { Metrics.names(in: $0.expression) })
    for panel in try OpsFiles.json("ops/grafana/crossdock.json")["panels"].array {
      let expressions = panel["targets"].array.compactMap { $0["expr"].text }
      #expect(!expressions.isEmpty, "\(panel["title"]) has no query")
      asked.formUnion(expressions.flatMap(Metrics.names))
    }
    #expect(asked.count > 15)
    #expect(asked.subtracting(registered) == [])
  }

  @Test func `the dashboard names only alerts that exist`() throws {
    let names = Set(try Self.alerts().map(\.name))
    for panel in try OpsFiles.json("ops/grafana/crossdock.json")["panels"].array {
      for name in (panel["description"].text ?? "").matches(of: /(Crossdock|RabbitMQ|Postgres)[A-Z]\w+/) {
        #expect(names.contains(String(name.0)), "\(name.0)")
      }
    }
  }
}
