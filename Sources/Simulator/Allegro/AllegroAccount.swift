/// The Allegro accounts that the simulator has.
package enum AllegroAccount: String, CaseIterable, Sendable {
  case live = "allegro-live"
  case documented = "allegro-documented"
  case noEvents = "allegro-noevents"

  var number: UInt64 {
    switch self {
    case .live: 1
    case .documented: 2
    case .noEvents: 3
    }
  }

  var dialect: AllegroDialect { self == .live ? .live : .documented }

  var prefix: String {
    switch self {
    case .live: "allegro/live"
    case .documented: "allegro/documented"
    case .noEvents: "allegro/noevents"
    }
  }

  var hasOrderEvents: Bool { self != .noEvents }
}

/// How Allegro's event feeds talk: as the service really does, or as it is documented.
package enum AllegroDialect: String, Sendable {
  case live, documented

  /// The name of the parameter that holds the cursor.
  var cursorParameter: String { self == .live ? "from" : "after" }

  /// The id of an event as it is written.
  func eventId(_ id: Int64) -> String {
    self == .live ? Base64.encode(String(id)) : "event-id-\(id)"
  }

  /// The number in an event id; nil when it is no event id.
  func eventNumber(_ id: String) -> Int64? {
    switch self {
    case .live: Base64.decode(id).flatMap { Int64($0) }
    case .documented: id.hasPrefix("event-id-") ? Int64(id.dropFirst(9)) : nil
    }
  }
}
