import Foundation

/// A program of the system that some of these tests need; `ops/test` installs their packages.
struct Tool {
  let name: String

  static let promtool = Tool(name: "promtool")
  static let systemdAnalyze = Tool(name: "systemd-analyze")
  static let bash = Tool(name: "bash")
  static let pgDump = Tool(name: "pg_dump")

  private var path: String? {
    let folders = ProcessInfo.processInfo.environment["PATH"]?.split(separator: ":") ?? []
    return folders.map { $0 + "/" + name }.first { FileManager.default.isExecutableFile(atPath: $0) }
  }

  var isThere: Bool { path != nil }

  struct Outcome: Sendable {
    var status: Int32
    /// Standard output and standard error together.
    var text: String
  }

  /// Runs it to its end, at most a minute; what takes longer is killed.
  func run(
    _ arguments: [String], in folder: URL = OpsFiles.root, environment: [String: String] = [:]
  ) throws -> Outcome {
    guard let path else { throw Absent(name: name) }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: path)
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = output
    try process.run()
    let pid = process.processIdentifier
    let limit = DispatchWorkItem { kill(pid, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + 60, execute: limit)
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    limit.cancel()
    return Outcome(status: process.terminationStatus, text: String(decoding: bytes, as: UTF8.self))
  }

  struct Absent: Error { let name: String }
}

/// A folder that is removed with all it holds.
func withTemporaryFolder<T>(_ body: (URL) async throws -> T) async throws -> T {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("ops-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
