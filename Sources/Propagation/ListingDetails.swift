import Events
import Foundation
import Postgres
import Time

/// What the events of a batch say of listings; of two the later occurrence counts, and a tie ends in the event's id.
struct ListingDetails {
  private struct Name: Hashable, Comparable {
    var connection: String
    var external: String
    static func < (left: Name, right: Name) -> Bool {
      (left.connection, left.external) < (right.connection, right.external)
    }
  }

  private var offers: [Name: (event: Event, offer: Offer)] = [:]
  private var quantities: [Name: (quantity: Int, asOf: Timestamp)] = [:]

  mutating func add(_ offer: Offer, in event: Event) {
    let name = Name(connection: event.connectionId, external: offer.externalId)
    if let known = offers[name], (event.detailsTime, event.id) < (known.event.detailsTime, known.event.id) {
      return
    }
    offers[name] = (event, offer)
  }

  /// Only the quantity of a listing as a whole is one of the listing.
  mutating func add(_ inventory: Inventory, in event: Event) {
    guard let listing = inventory.listingId, let quantity = inventory.quantity,
      (inventory.locationId ?? "").isEmpty
    else { return }
    let name = Name(connection: event.connectionId, external: listing)
    if let known = quantities[name], inventory.asOf < known.asOf { return }
    quantities[name] = (quantity, inventory.asOf)
  }

  func write(on connection: Connection) throws {
    try writeOffers(on: connection)
    try writeQuantities(on: connection)
  }

  private func writeOffers(on connection: Connection) throws {
    let all = offers.sorted { $0.key < $1.key }
    guard !all.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO listings AS l (connection_id, external_id, sku, title, status, price, currency, details_at,
                                 details_event)
      SELECT n.connection_id, n.external_id, n.sku, n.title, n.status, n.price::numeric, n.currency, n.at, n.event
        FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
                    $8::timestamptz[], $9::text[])
               AS n(connection_id, external_id, sku, title, status, price, currency, at, event)
      ON CONFLICT (connection_id, external_id) DO UPDATE
         SET sku = coalesce(l.sku, excluded.sku), title = coalesce(excluded.title, l.title),
             status = coalesce(excluded.status, l.status), price = coalesce(excluded.price, l.price),
             currency = coalesce(excluded.currency, l.currency), details_at = excluded.details_at,
             details_event = excluded.details_event, updated_at = now()
       WHERE (coalesce(l.details_at, '-infinity'), coalesce(l.details_event, ''))
               < (excluded.details_at, excluded.details_event)
      """,
      [
        all.map { UUID(uuidString: $0.key.connection) }, all.map(\.key.external), all.map(\.value.offer.sku),
        all.map(\.value.offer.title), all.map { $0.value.offer.status ?? ended($0.value.event) },
        all.map { $0.value.offer.price?.text }, all.map(\.value.offer.currency),
        all.map(\.value.event.detailsTime), all.map(\.value.event.id),
      ])
  }

  private func ended(_ event: Event) -> String? { event.type == .offerEnded ? "ENDED" : nil }

  private func writeQuantities(on connection: Connection) throws {
    let all = quantities.sorted { $0.key < $1.key }.filter { Int32(exactly: $0.value.quantity) != nil }
    guard !all.isEmpty else { return }
    _ = try connection.send(
      """
      UPDATE listings l SET quantity = n.quantity, quantity_as_of = n.as_of, updated_at = now()
        FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[])
               AS n(connection_id, external_id, quantity, as_of)
       WHERE l.connection_id = n.connection_id AND l.external_id = n.external_id
         AND coalesce(l.quantity_as_of, '-infinity') < n.as_of
      """,
      [
        all.map { UUID(uuidString: $0.key.connection) }, all.map(\.key.external), all.map(\.value.quantity),
        all.map(\.value.asOf),
      ])
  }
}

extension Event {
  /// When what it says was so.
  var detailsTime: Timestamp { observedAt ?? time }
}
