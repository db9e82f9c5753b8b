import Commands
import Foundation
import Lane
import Marketplaces
import Postgres
import Settings
import TestServers
import Testing

/// What is written for those who run it is read here as they read it: every command, variable and path is there.
struct DocumentTests {
  static let documents =
    ["README.md"] + OpsFiles.paths(below: "ops", ending: ".md")

  @Test func `every command that is named is one that the binary knows`() async throws {
    var count = 0
    for path in Self.documents {
      for arguments in Invocation.all(inMarkdown: try OpsFiles.text(path)) {
        #expect(await Invocation.isKnown(arguments), "\(path): crossdock \(arguments.joined(separator: " "))")
        count += 1
      }
    }
    #expect(count > 80)
  }

  @Test func `a command line is parted as a shell does`() {
    let line = "TOKEN=$(crossdock token --subject 'a b') && sudo crossdock dlq plan > f.json  # c"
    #expect(
      Invocation.commands(in: line).filter { !$0.isEmpty } == [
        ["TOKEN=$"], ["crossdock", "token", "--subject", "a b"], ["sudo", "crossdock", "dlq", "plan"],
        ["f.json"],
      ])
    #expect(Invocation.all(inMarkdown: "`\(line)`, `crossdock …`").count == 2)
  }

  @Test func `every variable that is named is read by the binary or by a script`() throws {
    var known = Set(try Settings.load(environment: [:], directory: "/nowhere").effective.map(\.name))
    for path in OpsFiles.paths(below: "Sources", ending: ".swift")
      + OpsFiles.paths(below: "Tests", ending: ".swift")
    {
      for match in try OpsFiles.text(path).matches(of: /environment\["([A-Z_]+)"\]/) {
        known.insert(String(match.1))
      }
    }
    for match in try OpsFiles.text("ops/docker/compose.yaml").matches(of: /\$\{([A-Z_]+):\?\}/) {
      known.insert(String(match.1))
    }
    var count = 0
    for path in Self.documents {
      for code in Invocation.code(inMarkdown: try OpsFiles.text(path)) {
        for match in code.matches(of: /\b[A-Z]+_[A-Z_]+\b/) {
          #expect(known.contains(String(match.0)), "\(path): \(match.0)")
          count += 1
        }
      }
    }
    #expect(count > 20)
  }

  @Test func `every path of this checkout that is named is there`() throws {
    let units = OpsFiles.paths(below: "ops/systemd", ending: "")
    for path in Self.documents + units + [
      "ops/docker/Dockerfile", "ops/docker/compose.yaml", "ops/backup", "ops/restore",
    ] {
      for match in try OpsFiles.text(path).matches(of: /\b(ops|Sources|Tests|sql)\/[\w.\/-]*\w/) {
        let named = match.0.replacing(/\/(LANGUAGE|<).*/, with: "")
        #expect(FileManager.default.fileExists(atPath: OpsFiles.url(String(named)).path), "\(path): \(named)")
      }
    }
  }

  @Test func `every query of a runbook is one that the schema answers`() async throws {
    var queries: [String] = []
    for path in OpsFiles.paths(below: "ops/runbooks", ending: ".md") {
      for code in Invocation.code(inMarkdown: try OpsFiles.text(path)) {
        let words = Invocation.commands(in: code).first ?? []
        if words.first == "psql", let query = words.last { queries.append(query) }
      }
    }
    #expect(queries.count == 4)
    try await TestDatabase.with { [queries] test in
      let connection = try Connection.open(test.url, name: "tests")
      for query in queries { _ = try connection.query(query) }
    }
  }

  @Test func `the runbooks name the classes of errors that there are`() throws {
    let letters = try OpsFiles.text("ops/runbooks/CrossdockDeadLetters.md")
    let listed = letters.matches(of: /(?m)^\| (`[^|]*`) \|/).flatMap { row in
      row.1.matches(of: /`(\w+)`/).map { String($0.1) }
    }
    // Who is busy comes again, however often.
    let dying = Failure.Class.allCases.filter { $0 != .busy }.map(\.rawValue)
    #expect(Set(listed) == Set(dying))
    let breaker = try OpsFiles.text("ops/runbooks/CrossdockBreakerOpen.md")
    for kind in ErrorClass.allCases where Breaker.Policy.of(kind) != nil {
      #expect(breaker.contains("`\(kind.rawValue)`"), "\(kind)")
    }
  }

  @Test func `the image is built of every folder that the package names`() throws {
    let dockerfile = try OpsFiles.text("ops/docker/Dockerfile")
    let copied = dockerfile.matches(of: /(?m)^COPY (\S+) \1$/).map { String($0.1) }
    let named = try OpsFiles.text("Package.swift").matches(of: /path: "([^"]+)"/).map { String($0.1) }
    #expect(named.count > 3 && copied.contains("Sources"))
    for path in named {
      #expect(copied.contains { path == $0 || path.hasPrefix($0 + "/") }, "\(path)")
    }
  }
}
