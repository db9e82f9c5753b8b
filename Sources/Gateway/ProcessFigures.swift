import Foundation
import Glibc

/// What the kernel knows of this process, under the names that Prometheus' own clients use.
enum ProcessFigures {
  static var exposition: String {
    var text = ""
    func add(_ name: String, _ kind: String, _ value: Double?) {
      guard let value else { return }
      text += "# TYPE \(name) \(kind)\n\(name) \(Exposition.number(value))\n"
    }
    add("process_resident_memory_bytes", "gauge", residentBytes)
    add("process_cpu_seconds_total", "counter", cpuSeconds)
    add("process_open_fds", "gauge", openDescriptors)
    return text
  }

  /// The second figure of `statm` is resident pages (proc(5)).
  private static var residentBytes: Double? {
    guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
    let parts = text.split(separator: " ")
    guard parts.count > 1, let pages = Double(parts[1]) else { return nil }
    return pages * Double(sysconf(Int32(_SC_PAGESIZE)))
  }

  private static var cpuSeconds: Double? {
    var usage = rusage()
    guard getrusage(RUSAGE_SELF.rawValue, &usage) == 0 else { return nil }
    let micro = Double(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6
    return Double(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + micro
  }

  private static var openDescriptors: Double? {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { Double($0.count) }
  }
}
