package import Marketplaces
package import Time

/// Where a feed stands; its fields are columns of `feeds`.
package struct FeedPosition: Sendable, Equatable {
  /// Of a cursor feed: the last event that was taken.
  package var cursor: String?
  /// Of a window feed: the window that is being walked through.
  package var window: FeedRequest.Window?
  /// Of a window or a sweep: the place within it.
  package var pageCursor: String?
  /// Of a window feed: the end of the last window that was walked through wholly.
  package var completedTo: Timestamp?

  package init(
    cursor: String? = nil, window: FeedRequest.Window? = nil, pageCursor: String? = nil,
    completedTo: Timestamp? = nil
  ) {
    self.cursor = cursor
    self.window = window
    self.pageCursor = pageCursor
    self.completedTo = completedTo
  }

  /// Opens a window where one is needed. It reaches back over the lookback, or over all the time that nobody polled
  /// (Rule 25: an hour's standstill with a lookback of 15 minutes must not leave a hole), but not behind `floor`,
  /// where the connection's history begins.
  package mutating func open(
    _ feed: Feed, at now: Timestamp, lookback: Duration, overlap: Duration, floor: Timestamp?
  ) {
    guard feed.shape == .window, window == nil else { return }
    var from = now - lookback
    if let completedTo { from = min(from, completedTo - overlap) }
    if completedTo == nil, let floor { from = min(from, floor) }
    if let floor { from = max(from, floor) }
    window = FeedRequest.Window(from: min(from, now), to: now)
    pageCursor = nil
  }

  package func request(_ feed: Feed, limit: Int) -> FeedRequest {
    FeedRequest(
      feed: feed, cursor: feed.shape == .cursor ? cursor : pageCursor, window: window, limit: limit)
  }

  /// The position behind a page.
  package func after(_ page: FeedPage, of feed: Feed) -> FeedPosition {
    var next = self
    switch feed.shape {
    case .cursor: next.cursor = page.nextCursor ?? cursor
    case .sweep: next.pageCursor = page.isLast ? nil : page.nextCursor
    case .window:
      next.pageCursor = page.isLast ? nil : page.nextCursor
      if page.isLast {
        next.completedTo = window?.to ?? completedTo
        next.window = nil
      }
    }
    return next
  }
}
