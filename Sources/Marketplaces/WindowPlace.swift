package import Time

/// A place in the walk over what has changed since a moment.
///
/// The walk asks without an end of the window: with one, what changes during the walk would drop out of the list, and
/// what stood behind it would shift into a page that was read already. It ends at what has changed after `until`, the
/// marketplace's clock at the walk's beginning, so that it ends although orders keep coming; those are the next
/// window's.
package struct WindowPlace: Sendable, Equatable {
  package var from: Timestamp
  /// Nil until the first page has told the marketplace's clock.
  package var until: Timestamp?
  package var offset: Int

  package init(from: Timestamp, until: Timestamp? = nil, offset: Int = 0) {
    self.from = from
    self.until = until
    self.offset = offset
  }

  /// The place that a request names; the beginning of its window without a cursor.
  package init(_ request: FeedRequest) throws(MarketplaceError) {
    guard let window = request.window else {
      throw .unsupported("the \(request.feed.rawValue) of this marketplace are read by windows of time")
    }
    guard let cursor = request.cursor else {
      self.init(from: window.from)
      return
    }
    let parts = cursor.split(separator: "|")
    guard parts.count == 3, let from = Timestamp(parts[0]), let until = Timestamp(parts[1]),
      let offset = Int(parts[2]), offset >= 0
    else { throw .malformed("'\(cursor)' is not a place in a list") }
    self.init(from: from, until: until, offset: offset)
  }

  package var text: String { "\(from)|\(until ?? from)|\(offset)" }

  /// Where to go on in a list that is sorted by the time of the last change, ascending: at the last one seen,
  /// inclusive, since many can share a moment. Nil at the end of the walk.
  package func next(afterChanges changes: [Timestamp], isFull: Bool, at now: Timestamp) -> WindowPlace? {
    let end = until ?? now
    guard isFull, let last = changes.max(), last <= end else { return nil }
    return last > from
      ? WindowPlace(from: last, until: end)
      : WindowPlace(from: from, until: end, offset: offset + changes.count)
  }

  /// Where to go on in a list of any order in which nothing that is listed moves: what joins it can only show a thing
  /// twice. Nil at the end of the walk.
  package func next(after count: Int, isFull: Bool, at now: Timestamp) -> WindowPlace? {
    isFull && count > 0 ? WindowPlace(from: from, until: until ?? now, offset: offset + count) : nil
  }
}
