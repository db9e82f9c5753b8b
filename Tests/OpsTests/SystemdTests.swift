import Foundation
import Settings
import TestServers
import Testing

struct SystemdTests {
  static let units = OpsFiles.paths(below: "ops/systemd", ending: "")
    .filter { !$0.hasSuffix(".conf") }

  /// The values of a key in a unit, in order.
  static func values(_ key: String, in path: String) throws -> [String] {
    try OpsFiles.text(path).split(whereSeparator: \.isNewline)
      .filter { $0.hasPrefix(key + "=") }.map { String($0.dropFirst(key.count + 1)) }
  }

  @Test(
    .enabled(if: Tool.systemdAnalyze.isThere, "systemd-analyze is absent: install Debian's package systemd"))
  func `systemd takes the units`() async throws {
    try await withTemporaryFolder { folder in
      for path in Self.units {
        // The programs are not installed here, which is all that may be missing.
        let text = try OpsFiles.text(path).replacing(
          /ExecStart=\/opt\/crossdock\S+/, with: "ExecStart=/bin/true")
        let name = URL(fileURLWithPath: path).lastPathComponent
        try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
      }
      let names = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        .map { $0.replacingOccurrences(of: "@.", with: "@order-sync.") }
      #expect(names.count == 7)
      let outcome = try Tool.systemdAnalyze.run(
        ["verify"] + names.map { folder.appendingPathComponent($0).path },
        environment: ["SYSTEMD_UNIT_PATH": folder.path + ":"])
      #expect(outcome.status == 0 && outcome.text.isEmpty, "\(outcome.text)")
    }
  }

  @Test func `the units start commands that the binary knows, and leave them time to drain`() async throws {
    var count = 0
    for path in Self.units where path.hasSuffix(".service") && !path.contains("backup") {
      let start = try #require(try Self.values("ExecStart", in: path).first).split(separator: " ").map(
        String.init)
      #expect(start.first == "/opt/crossdock/current/crossdock")
      for role in try await Invocation.roles() {
        let arguments = start.dropFirst().map { $0.replacingOccurrences(of: "%i", with: role) }
        #expect(await Invocation.status(Array(arguments)) == 78, "\(path)")
      }
      #expect(try #require(Int(try Self.values("TimeoutStopSec", in: path).first ?? "")) > 30)
      #expect(try Self.values("EnvironmentFile", in: path).first == "/etc/crossdock/crossdock.env")
      count += 1
    }
    #expect(count == 4)
  }

  @Test func `the installer starts a worker for every role there is`() async throws {
    let line = try #require(try OpsFiles.text("ops/install").firstMatch(of: /ROLES=\(([^)]*)\)/))
    #expect(Set(line.1.split(separator: " ").map(String.init)) == Set(try await Invocation.roles()))
  }

  @Test
  func
    `what is installed runs from where it is, keeps its configuration, and goes back to the release before`()
    async throws
  {
    try await withTemporaryFolder { folder in
      let build = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      func install(_ arguments: String...) throws -> Tool.Outcome {
        try Tool.bash.run(["ops/install", "--root", folder.path] + arguments)
      }
      func current() throws -> String {
        try FileManager.default.destinationOfSymbolicLink(
          atPath: folder.appendingPathComponent("opt/crossdock/current").path)
      }
      let first = try install("--from", build.path)
      #expect(first.status == 0, "\(first.text)")
      let original = try current()

      let configuration = folder.appendingPathComponent("etc/crossdock/crossdock.env").path
      let mode = try FileManager.default.attributesOfItem(atPath: configuration)[.posixPermissions] as? Int
      #expect(mode.map { $0 & 0o007 } == 0)
      let settings = try Settings.load(environment: [:], configFile: configuration, directory: "/nowhere")
      #expect(settings.secretKey != nil && settings.tokenSecret != nil && settings.databaseURL == nil)

      try await TestDatabase.with(migrated: false) { test in
        let binary = folder.appendingPathComponent("opt/crossdock/current/crossdock").path
        let migrated = try Tool.bash.run(
          ["-c", "\(binary) migrate"], environment: ["DATABASE_URL": test.url])
        #expect(migrated.status == 0, "\(migrated.text)")
      }

      let second = try install("--from", build.path)
      #expect(second.status == 0, "\(second.text)")
      #expect(try current() != original)
      let kept = try Settings.load(environment: [:], configFile: configuration, directory: "/nowhere")
      #expect(kept.secretKey == settings.secretKey)
      let back = try install("--rollback")
      #expect(back.status == 0, "\(back.text)")
      #expect(try current() == original)
    }
  }

  @Test func `the ports of separate processes on one machine differ`() async throws {
    try await withTemporaryFolder { folder in
      let build = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      _ = try Tool.bash.run(["ops/install", "--root", folder.path, "--from", build.path])
      let files = try FileManager.default.contentsOfDirectory(
        atPath: folder.appendingPathComponent("etc/crossdock").path
      ).filter { $0 != "crossdock.env" }
      let ports = try files.map { file in
        try Settings.load(
          environment: [:], configFile: folder.appendingPathComponent("etc/crossdock/\(file)").path,
          directory: "/nowhere"
        ).metricsPort
      }
      #expect(Set(ports).count == files.count && files.count > 5)
    }
  }
}
