package import Postgres
package import RabbitMQ
package import Topology

/// The dead-letter desk: looks at what failed, and brings it back. Everything blocks; call it on a thread.
package struct DeadLetterDesk: Sendable {
  let brokers: [Address]
  let authorities: String?
  package let topology: Topology
  private let database: String?
  /// The most letters that one consumer is given; of more a look takes several.
  package var longestStretch = mostOfAConsumer

  /// A prefetch is 16 bits.
  package static let mostOfAConsumer = 65_535

  /// `database` is a connection string: what is done to letters is written there. Without it only depths can be had.
  package init(brokers: [Address], authorities: String? = nil, topology: Topology, database: String?) {
    self.brokers = brokers
    self.authorities = authorities
    self.topology = topology
    self.database = database
  }

  func openDatabase(settings: [String: String] = [:]) throws -> Postgres.Connection {
    guard let database else { throw DeskError("no database is set: give DATABASE_URL") }
    return try Postgres.Connection.open(database, name: "crossdock desk", settings: settings)
  }

  func openLooks(_ queues: [Queue]) throws -> Looks {
    try Looks(
      queues, of: topology, at: brokers, authorities: authorities, longestStretch: longestStretch)
  }

  // MARK: Looking

  /// Shows the letters of the selection page by page, by queue, the oldest first, until `body` answers false. What
  /// another desk has begun to deal with is left out, unless it is asked for.
  package func forEachPage(
    of selection: Selection, withNoted: Bool = false,
    _ body: ([DeadLetter], Postgres.Connection) throws -> Bool
  ) throws {
    let connection = try openDatabase()
    let looks = try openLooks(selection.queues)
    defer { looks.close() }
    for (queue, ready) in try looks.depths(of: selection.queues) {
      let look = looks.look(into: queue, ready: ready)
      var rest = selection.limit ?? .max
      var isWanted = true
      while isWanted && rest > 0 {
        let page = try look.next().map(\.letter)
        guard !page.isEmpty else { break }
        let noted = withNoted ? [:] : try Intents.noted(of: page, in: queue, on: connection)
        let found = page.filter { selection.contains($0) && noted[$0.key] == nil }.prefix(rest)
        rest -= found.count
        isWanted = try found.isEmpty || body(Array(found), connection)
      }
      try look.close()
      guard isWanted else { return }
    }
  }

  /// The letters of the selection, without the first `skipped`.
  package func letters(
    _ selection: Selection, skipping skipped: Int = 0, atMost limit: Int = .max
  ) throws -> [DeadLetter] {
    var letters: [DeadLetter] = []
    var toSkip = skipped
    try forEachPage(of: selection) { page, _ in
      letters += page.dropFirst(toSkip).prefix(limit - letters.count)
      toSkip -= min(toSkip, page.count)
      return letters.count < limit
    }
    return letters
  }

  /// The selection by how the letters failed, the largest group first.
  package func groups(_ selection: Selection) throws -> [LetterGroup] {
    var groups = LetterGroups()
    try forEachPage(of: selection) { page, connection in
      let superseded = try Superseded.among(page, on: connection)
      for letter in page { groups.add(letter, isSuperseded: superseded[letter.key] != nil) }
      return true
    }
    return groups.sorted
  }

  /// How many letters of each queue are selected.
  package func counts(_ selection: Selection) throws -> [Queue: Int] {
    var counts: [Queue: Int] = [:]
    try forEachPage(of: selection) { page, _ in
      for letter in page { counts[letter.queue, default: 0] += 1 }
      return true
    }
    return counts
  }

  /// Which of the letters newer state has overtaken, and since when; the letters may be of a page that was shown.
  package func superseded(among letters: [DeadLetter]) throws -> Set<LetterKey> {
    Set(try Superseded.among(letters, on: try openDatabase()).keys)
  }
}
