import Events

/// What is known of one order: the greatest version, and the greatest one with a list of lines. It is a fold over
/// the set of versions, so that neither their order nor their number matters (Rule 13).
struct OrderState: Sendable {
  /// The greatest version of something; `version` is nil when the database holds its content.
  struct Holding: Sendable {
    var key: VersionKey
    var version: OrderVersion?
  }

  /// Whether any version ever seen qualified: then the order exists.
  private(set) var isKnown = false
  private(set) var header: Holding?
  private(set) var lines: Holding?

  /// An order nobody has seen.
  init() {}

  /// An order that the database holds.
  init(header: VersionKey, lines: VersionKey?) {
    isKnown = true
    self.header = Holding(key: header)
    self.lines = lines.map { Holding(key: $0) }
  }

  /// Takes in one more version, and answers what that comes to for the one who brought it.
  @discardableResult
  mutating func take(_ version: OrderVersion) -> Outcome {
    let wasKnown = isKnown
    if version.skipReason == nil { isKnown = true }
    let isNews = !(header?.key.hasContent(of: version.key) ?? false)
    let isHeader = Self.raise(&header, to: version)
    let isLines = version.order.lines != nil && Self.raise(&lines, to: version)
    guard isKnown else { return .skipped }
    guard wasKnown else { return .created }
    guard isNews && (isHeader || isLines) else { return .unchanged }
    return isHeader && version.key.isCancelled ? .cancelled : .updated
  }

  private static func raise(_ holding: inout Holding?, to version: OrderVersion) -> Bool {
    if let holding, version.key <= holding.key { return false }
    holding = Holding(key: version.key, version: version)
    return true
  }
}
