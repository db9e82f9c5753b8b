import Time

/// The place of a version among the versions of its order: a total order whose ties end in the content, so that the
/// order of arrival can't matter (Rule 4).
struct VersionKey: Hashable, Comparable, Sendable {
  var updatedAt: Timestamp
  var isCancelled: Bool
  var observedAt: Timestamp
  var digest: Int

  static func < (left: VersionKey, right: VersionKey) -> Bool {
    if left.updatedAt != right.updatedAt { return left.updatedAt < right.updatedAt }
    if left.isCancelled != right.isCancelled { return right.isCancelled }
    if left.observedAt != right.observedAt { return left.observedAt < right.observedAt }
    return left.digest < right.digest
  }

  /// Whether it is the same state of the order, seen at whatever moment.
  func hasContent(of other: VersionKey) -> Bool {
    digest == other.digest && updatedAt == other.updatedAt && isCancelled == other.isCancelled
  }
}
