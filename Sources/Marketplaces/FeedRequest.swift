package import Time

/// One page of one feed, as the poll worker asks for it.
package struct FeedRequest: Sendable, Equatable {
  package var feed: Feed
  /// Where the last page ended, in the adapter's own words; nil at the beginning of the feed or of the window.
  package var cursor: String?
  /// The window of a window feed; nil for the others.
  package var window: Window?
  /// The most items the page may hold.
  package var limit: Int

  /// A stretch of the marketplace's time, both ends included.
  package struct Window: Sendable, Equatable {
    package var from: Timestamp
    package var to: Timestamp

    package init(from: Timestamp, to: Timestamp) {
      self.from = from
      self.to = to
    }
  }

  package init(feed: Feed, cursor: String? = nil, window: Window? = nil, limit: Int) {
    self.feed = feed
    self.cursor = cursor
    self.window = window
    self.limit = limit
  }
}
