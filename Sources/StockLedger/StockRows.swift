import Postgres
import Time

/// The stock rows that a batch touches, locked in the order of their ids from the first UPDATE to the commit.
struct StockRows {
  struct StockRow {
    var place: Place
    var connection: String
    var cause: StockChange.Cause
    /// What the first UPDATE adds: every change in full.
    var assumed = 0
    var onHandBefore = 0
    var onHand = 0
    var version = 0
    /// The latest base that any listing of the row had before this batch.
    var baseAt = Timestamp.epoch
  }

  private var rows: [Int: StockRow] = [:]

  subscript(id: Int) -> StockRow? { rows[id] }
  var all: [StockRow] { rows.values.sorted { $0.place.stock < $1.place.stock } }

  init(changes: [StockChange], snapshots: [Booking.Snapshot]) {
    for change in changes {
      rows[
        change.place.stock,
        default: StockRow(place: change.place, connection: change.connection, cause: change.cause)
      ].assumed += change.booked
    }
    for snapshot in snapshots where rows[snapshot.place.stock] == nil {
      rows[snapshot.place.stock] = StockRow(
        place: snapshot.place, connection: snapshot.connection, cause: snapshot.cause)
    }
  }

  /// Adds all changes in full, in one statement that locks the rows in the order of its arrays, and learns what
  /// was there.
  mutating func book(on connection: Connection) throws {
    let ids = rows.keys.sorted()
    let answer = try connection.query(
      """
      UPDATE marketplace_stock s
         SET on_hand = s.on_hand + d.delta, listed_stock = greatest(0, s.on_hand + d.delta),
             version = s.version + 1, updated_at = now()
        FROM unnest($1::bigint[], $2::bigint[]) AS d(id, delta)
       WHERE s.id = d.id
      RETURNING s.id, s.on_hand, s.version, s.base_at
      """, [ids, ids.map { rows[$0]?.assumed ?? 0 }])
    for answered in answer {
      let id = answered.int(0)
      guard var row = rows[id] else { continue }
      row.onHand = answered.int(1)
      row.onHandBefore = row.onHand - row.assumed
      row.version = answered.int(2)
      row.baseAt = answered.timestamp(3)
      rows[id] = row
    }
  }

  /// Puts right what the first UPDATE assumed too simply, and notes the new bases. Most batches have neither.
  mutating func correct(
    with changes: [StockChange], snapshots: [Booking.Snapshot], on connection: Connection
  ) throws {
    var booked: [Int: Int] = [:]
    for change in changes { booked[change.place.stock, default: 0] += change.booked }
    var latest: [Int: Base] = [:]
    for snapshot in snapshots {
      let known = latest[snapshot.place.stock]
      if known.map({ $0 < snapshot.base }) ?? true { latest[snapshot.place.stock] = snapshot.base }
    }
    let touched = rows.values.filter {
      booked[$0.place.stock, default: 0] != $0.assumed || latest[$0.place.stock] != nil
    }.map(\.place.stock).sorted()
    guard !touched.isEmpty else { return }
    for id in touched {
      guard var row = rows[id] else { continue }
      row.onHand += booked[id, default: 0] - row.assumed
      rows[id] = row
    }
    _ = try connection.send(
      """
      UPDATE marketplace_stock s
         SET on_hand = d.on_hand, listed_stock = greatest(0, d.on_hand),
             base_at = greatest(s.base_at, coalesce(d.as_of, s.base_at)),
             last_api_quantity = CASE WHEN d.as_of >= s.base_at THEN d.quantity ELSE s.last_api_quantity END,
             last_synced_at = CASE WHEN d.as_of >= s.base_at THEN d.as_of ELSE s.last_synced_at END
        FROM unnest($1::bigint[], $2::bigint[], $3::timestamptz[], $4::bigint[])
               AS d(id, on_hand, as_of, quantity)
       WHERE s.id = d.id
      """,
      [
        touched, touched.map { rows[$0]?.onHand ?? 0 }, touched.map { latest[$0]?.at },
        touched.map { latest[$0]?.quantity },
      ])
  }

  /// Gives every change the stock that was there before it.
  func walk(_ changes: inout [StockChange]) {
    var running = rows.mapValues(\.onHandBefore)
    for index in changes.indices {
      changes[index].before = running[changes[index].place.stock] ?? 0
      running[changes[index].place.stock] = changes[index].after
    }
  }
}
