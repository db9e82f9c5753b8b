import Foundation
import Time

/// Which release this is, and when it was built.
package enum Version {
  package static let number = "0.1.0"

  /// The moment at which the executable was linked; empty where it can't be read.
  package static let build: String = {
    let attributes = try? FileManager.default.attributesOfItem(atPath: "/proc/self/exe".resolved)
    guard let date = attributes?[.modificationDate] as? Date else { return "" }
    return Timestamp(secondsSince1970: Int64(date.timeIntervalSince1970)).description
  }()

  package static var text: String { build.isEmpty ? number : "\(number) (built \(build))" }
}

extension String {
  fileprivate var resolved: String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: self)) ?? self
  }
}
