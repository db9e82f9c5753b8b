/// A difference between the topology and a broker.
package enum Drift: Sendable, Hashable, CustomStringConvertible {
  case missingExchange(String)
  case missingQueue(String)
  /// With the broker's words.
  case differentExchange(String, String)
  case differentQueue(String, String)

  package var description: String {
    switch self {
    case .missingExchange(let name): "the exchange \(name) is missing: run crossdock topology apply"
    case .missingQueue(let name): "the queue \(name) is missing: run crossdock topology apply"
    case .differentExchange(let name, let text):
      "the exchange \(name) is declared otherwise (\(text)): delete it, then run crossdock topology apply"
    case .differentQueue(let name, let text):
      "the queue \(name) is declared otherwise (\(text)): empty and delete it, then run crossdock topology apply"
    }
  }

  /// Whether it is not there at all.
  package var isMissing: Bool {
    switch self {
    case .missingExchange, .missingQueue: true
    case .differentExchange, .differentQueue: false
    }
  }
}
