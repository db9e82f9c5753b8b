import Foundation
import Glibc
import JSON
import Logging
import Settings
import Time

/// Writes log lines to standard error: for people, or one JSON object each.
struct LogLines: LogHandler {
  var logLevel: Logger.Level
  var metadata: Logger.Metadata = [:]
  var metadataProvider: Logger.MetadataProvider?
  private let label: String
  private let format: LogFormat

  init(label: String, level: Logger.Level, format: LogFormat) {
    self.label = label
    self.format = format
    logLevel = level
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(metadataProvider?.get() ?? [:]) { $1 }.merging(event.metadata ?? [:]) { $1 }
    let now = Timestamp(millisecondsSince1970: Timestamp.now().millisecondsSince1970)
    let line =
      switch format {
      case .text: text(event, all, now)
      case .json: json(event, all, now)
      }
    _ = StandardStream(descriptor: STDERR_FILENO).write(line + "\n")
  }

  private func text(_ event: LogEvent, _ metadata: Logger.Metadata, _ now: Timestamp) -> String {
    let details = metadata.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let message = "\(event.message)".split(whereSeparator: \.isNewline).joined(separator: " | ")
    return "\(now) \(event.level) \(message)\(details)"
  }

  private func json(_ event: LogEvent, _ metadata: Logger.Metadata, _ now: Timestamp) -> String {
    var members = metadata.mapValues { JSON.string("\($0)") }
    members["time"] = .time(now)
    members["level"] = .string(event.level.rawValue)
    members["logger"] = .string(label)
    members["message"] = .string("\(event.message)")
    return JSON.object(members).description
  }
}

extension Settings {
  /// A logger of this level and format.
  func logger(_ label: String) -> Logger {
    let (level, format) = (logLevel, logFormat)
    return Logger(label: label) { LogLines(label: $0, level: level, format: format) }
  }
}
