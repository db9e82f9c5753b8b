import Foundation
import Postgres

/// A Postgres server of the test's own whose commits wait for a standby that isn't there, until `release`.
///
/// Where this is tried, a primary alone shows all that there is to see: a session that waits for its standby.
package final class PrivatePostgres {
  private let folder: URL
  private let server: Process

  /// Sessions whose commits wait.
  package var url: String { "postgresql:///postgres?user=postgres&host=\(folder.path)" }
  /// Sessions whose commits don't.
  package var localURL: String { url + "&options=-c%20synchronous_commit%3Dlocal" }

  /// Whether this machine has the programs of a Postgres of 15 or later.
  package static var isPossible: Bool { programs != nil }

  package static func with<T>(_ body: (PrivatePostgres) throws -> T) throws -> T {
    let server = try PrivatePostgres()
    defer { server.stop() }
    return try body(server)
  }

  private init() throws {
    guard let programs = Self.programs else { throw MissingServer(variable: "PATH to Postgres") }
    folder = URL(fileURLWithPath: "/tmp/\(TestServers.uniqueName("postgres"))")
    try FileManager.default.createDirectory(
      at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o777])
    // The mask of the process doesn't apply to this.
    try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder.path)
    let data = folder.appendingPathComponent("data").path
    try Self.run(programs + "/initdb", ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"])
    server = Self.process(
      programs + "/postgres",
      [
        "-D", data, "-k", folder.path, "-c", "listen_addresses=", "-c", "fsync=off", "-c",
        "max_connections=20", "-c", "shared_buffers=16MB",
      ])
    try "synchronous_standby_names = 'absent'\n".write(
      toFile: folder.appendingPathComponent("data/postgresql.auto.conf").path, atomically: false,
      encoding: .utf8)
    try server.run()
    try waitUntilReady()
  }

  private func waitUntilReady() throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while true {
      do {
        _ = try Connection.open(localURL, name: "tests")
        return
      } catch {
        guard .now < deadline, server.isRunning else {
          stop()
          throw error
        }
        Thread.sleep(forTimeInterval: 0.01)
      }
    }
  }

  /// From now on no commit waits for a standby, and those that wait go on.
  package func release() throws {
    let connection = try Connection.open(localURL, name: "tests")
    try connection.query("ALTER SYSTEM SET synchronous_standby_names = ''")
    try connection.query("SELECT pg_reload_conf()")
  }

  private func stop() {
    if server.isRunning {
      // Quit is the server's word for an end without a checkpoint.
      kill(server.processIdentifier, SIGQUIT)
      server.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  // MARK: Programs

  private static let programs: String? = {
    let root = "/usr/lib/postgresql"
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: root)) ?? []
    return versions.compactMap(Int.init).filter { $0 >= 15 }.sorted(by: >).map { "\(root)/\($0)/bin" }
      .first { FileManager.default.isExecutableFile(atPath: $0 + "/initdb") }
  }()

  /// Postgres refuses to run as root.
  private static func process(_ program: String, _ arguments: [String]) -> Process {
    let process = Process()
    process.currentDirectoryURL = URL(fileURLWithPath: "/")
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    if geteuid() == 0 {
      process.executableURL = URL(fileURLWithPath: "/usr/bin/setpriv")
      process.arguments =
        ["--reuid=postgres", "--regid=postgres", "--init-groups", program] + arguments
    } else {
      process.executableURL = URL(fileURLWithPath: program)
      process.arguments = arguments
    }
    return process
  }

  private static func run(_ program: String, _ arguments: [String]) throws {
    let process = process(program, arguments)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw Failed(program: program) }
  }

  private struct Failed: Error { let program: String }
}
