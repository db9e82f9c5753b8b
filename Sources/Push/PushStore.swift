import Events
import Lane
import Outbox
import Postgres
import StockLedger
import Time

import struct Foundation.UUID

/// A write that this worker alone may do now.
struct Claim: Sendable {
  var listing: Int
  var generation: Int
  var lease: UUID
  var target: PushTarget
  /// Differs for every write, so that no marketplace takes one for another (Rule 33).
  var key: String
  /// What an earlier attempt sent of which nobody knows what became of it.
  var unresolved: (quantity: Int, at: Timestamp)?
}

/// The rows of `stock_pushes`.
struct PushStore: Sendable {
  /// Longer than a call to a marketplace can take.
  static let lease = 60.0

  enum Claimed: Sendable {
    case claim(Claim)
    /// Nothing to do: the listing is gone, or stands for itself.
    case none
    /// Another worker is at it, or a second reading of the listing is on its way (Rule 9).
    case busy(String)
  }

  let lowThreshold: Int

  /// Takes the listing's lease and looks at what the ledger has for it, in this order: a wish that comes later finds
  /// the generation changed.
  func claim(_ listing: Int, on connection: Connection) throws -> Claimed {
    let token = UUID()
    let rows = try connection.query(
      """
      UPDATE stock_pushes
         SET lease = $2, lease_until = clock_timestamp() + make_interval(secs => $3), sequence = sequence + 1
       WHERE listing_ref = $1 AND (lease IS NULL OR lease_until < clock_timestamp())
      RETURNING generation, sequence, sent_quantity, sent_at
      """, [listing, token, Self.lease])
    guard let row = rows.first else {
      let isThere =
        try connection.query("SELECT 1 FROM stock_pushes WHERE listing_ref = $1", [listing]).count > 0
      return isThere ? .busy("another worker writes to the listing") : .none
    }
    guard let target = try PushLedger.target(of: listing, on: connection) else {
      try close(listing, token, outcome: nil, on: connection)
      return .none
    }
    if target.isBeingRead {
      try release(listing, token, on: connection)
      return .busy("the listing is being read again")
    }
    let unresolved = row.optionalInt(2).flatMap { quantity in
      row.optionalTimestamp(3).map { (quantity: quantity, at: $0) }
    }
    return .claim(
      Claim(
        listing: listing, generation: row.int(0), lease: token, target: target,
        key: "\(listing)@\(row.int(1))", unresolved: unresolved))
  }

  /// Notes what is about to be sent; false when the lease was lost.
  func intend(_ claim: Claim, on connection: Connection) throws -> Bool {
    try connection.query(
      """
      UPDATE stock_pushes SET sent_quantity = $3, sent_at = clock_timestamp(),
             lease_until = clock_timestamp() + make_interval(secs => $4)
       WHERE listing_ref = $1 AND lease = $2
      """, [claim.listing, claim.lease, claim.target.quantity, Self.lease]
    ).affected == 1
  }

  /// The write was taken: it is a base from now on, and the wish is done unless there is a newer one.
  func confirm(_ claim: Claim, _ base: Base, on connection: Connection) throws {
    try PushLedger.record(base, at: claim.target, lowThreshold: lowThreshold, on: connection)
    let isHeld =
      try connection.query(
        """
        UPDATE stock_pushes SET pushed_quantity = $3, pushed_at = $4, sent_quantity = NULL, sent_at = NULL
         WHERE listing_ref = $1 AND lease = $2
        """, [claim.listing, claim.lease, base.quantity, base.at]
      ).affected == 1
    if isHeld {
      try finish(claim, outcome: "pushed", on: connection)
    } else {
      // Somebody has taken over, and this write may have come after his: what counts is read and written again.
      try Wishes.add([claim.listing], on: connection)
    }
  }

  /// What became of an unresolved write is known.
  func resolve(_ claim: Claim, _ base: Base, on connection: Connection) throws {
    try PushLedger.record(base, at: claim.target, lowThreshold: lowThreshold, on: connection)
    try connection.query(
      "UPDATE stock_pushes SET sent_quantity = NULL, sent_at = NULL WHERE listing_ref = $1 AND lease = $2",
      [claim.listing, claim.lease])
    try release(claim.listing, claim.lease, on: connection)
  }

  /// The wish is done; a newer one gets its job.
  func finish(_ claim: Claim, outcome: String, on connection: Connection) throws {
    let rows = try connection.query(
      """
      UPDATE stock_pushes
         SET done_generation = $3, is_queued = generation > $3, job_generation = generation, outcome = $4,
             error = NULL, queued_at = clock_timestamp(), lease = NULL, lease_until = NULL, updated_at = now()
       WHERE listing_ref = $1 AND lease = $2
      RETURNING connection_id, generation, is_queued
      """, [claim.listing, claim.lease, claim.generation, outcome])
    let jobs = rows.filter { $0.bool(2) }.map { row in
      PushJob.quantity(
        listing: claim.listing, connection: row.uuid(0).uuidString.lowercased(), generation: row.int(1))
    }
    try Outbox.append(jobs, on: connection)
  }

  /// The write failed. `isLast`: this job won't come again.
  func fail(
    _ claim: Claim, _ error: String, mayHaveLanded: Bool, isLast: Bool, on connection: Connection
  ) throws {
    try connection.query(
      """
      UPDATE stock_pushes
         SET outcome = 'failed', error = $3, is_queued = is_queued AND NOT $4, lease = NULL, lease_until = NULL,
             sent_quantity = CASE WHEN $5 THEN sent_quantity END, sent_at = CASE WHEN $5 THEN sent_at END,
             updated_at = now()
       WHERE listing_ref = $1 AND lease = $2
      """, [claim.listing, claim.lease, String(error.prefix(1_000)), isLast, mayHaveLanded])
  }

  private func close(_ listing: Int, _ lease: UUID, outcome: String?, on connection: Connection) throws {
    try connection.query(
      """
      UPDATE stock_pushes SET is_queued = false, done_generation = generation, outcome = $3, lease = NULL,
             lease_until = NULL, updated_at = now()
       WHERE listing_ref = $1 AND lease = $2
      """, [listing, lease, outcome])
  }

  private func release(_ listing: Int, _ lease: UUID, on connection: Connection) throws {
    try connection.query(
      "UPDATE stock_pushes SET lease = NULL, lease_until = NULL WHERE listing_ref = $1 AND lease = $2",
      [listing, lease])
  }
}
