import JSON
import Marketplaces
import Time

/// A place in the walk over a window of checkout forms.
///
/// The walk is by keyset: the next page begins at the time of the last form, inclusive, and what comes twice is
/// known by its id. An offset counts only within forms of one and the same time, since rows shift under a larger one.
struct FormPlace: Equatable {
  var key: Key
  var from: Timestamp
  var offset: Int

  enum Key: String {
    case updated, bought

    var parameter: String { self == .updated ? "updatedAt" : "lineItems.boughtAt" }

    /// The time by which Allegro sorts a form; of several purchases it is the last.
    func time(of form: JSON) -> Timestamp? {
      switch self {
      case .updated: form["updatedAt"].timestamp
      case .bought: form["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.max()
      }
    }
  }

  init(key: Key, from: Timestamp, offset: Int = 0) {
    self.key = key
    self.from = from
    self.offset = offset
  }

  /// The place that a cursor names; the beginning of the window without one.
  init(_ cursor: String?, in window: FeedRequest.Window) throws(MarketplaceError) {
    guard let cursor else {
      self.init(key: .updated, from: window.from)
      return
    }
    let parts = cursor.split(separator: "|")
    guard parts.count == 3, let key = Key(rawValue: String(parts[0])), let from = Timestamp(parts[1]),
      let offset = Int(parts[2]), offset >= 0
    else { throw .malformed("'\(cursor)' is not a place in the list of orders") }
    self.init(key: key, from: from, offset: offset)
  }

  var text: String { "\(key.rawValue)|\(from)|\(offset)" }

  func query(to: Timestamp, limit: Int) -> [(name: String, value: String)] {
    [
      (key.parameter + ".gte", from.description), (key.parameter + ".lte", to.description),
      ("sort", key.parameter), ("limit", String(limit)), ("offset", String(offset)),
    ]
  }

  /// Where to go on after a page; nil at the end of the walk.
  func next(after forms: [JSON], limit: Int, window: FeedRequest.Window) -> FormPlace? {
    guard forms.count >= limit else {
      return key == .updated ? FormPlace(key: .bought, from: window.from) : nil
    }
    guard let last = forms.compactMap(key.time).max(), last > from else {
      return FormPlace(key: key, from: from, offset: offset + forms.count)
    }
    return FormPlace(key: key, from: last)
  }
}
