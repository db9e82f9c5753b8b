import Events
import Foundation
import JSON
import Postgres
import Time

/// What the events of a batch say of products; of two the later occurrence counts.
struct ProductDetails {
  private struct Name: Hashable, Comparable {
    var connection: String
    var external: String
    static func < (left: Name, right: Name) -> Bool {
      (left.connection, left.external) < (right.connection, right.external)
    }
  }

  private var products: [Name: (event: Event, product: Product)] = [:]

  mutating func add(_ product: Product, in event: Event) {
    let name = Name(connection: event.connectionId, external: product.externalId)
    if let known = products[name],
      (known.product.time(in: known.event), known.event.id) > (product.time(in: event), event.id)
    {
      return
    }
    products[name] = (event, product)
  }

  var names: [(connection: String, external: String)] {
    products.keys.sorted().map { ($0.connection, $0.external) }
  }

  func write(on connection: Connection) throws {
    let all = products.sorted { $0.key < $1.key }
    guard !all.isEmpty else { return }
    _ = try connection.send(
      """
      INSERT INTO products AS p (connection_id, external_id, title, description, status, variants, is_deleted, as_of,
                                 event_id)
      SELECT * FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::bool[],
                           $8::timestamptz[], $9::text[])
      ON CONFLICT (connection_id, external_id) DO UPDATE
         SET title = coalesce(excluded.title, p.title), description = coalesce(excluded.description, p.description),
             status = coalesce(excluded.status, p.status),
             variants = CASE WHEN excluded.variants = '[]' THEN p.variants ELSE excluded.variants END,
             is_deleted = excluded.is_deleted, as_of = excluded.as_of, event_id = excluded.event_id,
             updated_at = now()
       WHERE (p.as_of, p.event_id) < (excluded.as_of, excluded.event_id)
      """,
      [
        all.map { UUID(uuidString: $0.key.connection) }, all.map(\.key.external),
        all.map(\.value.product.title),
        all.map(\.value.product.description), all.map(\.value.product.status),
        all.map { JSONText($0.value.product.variantsJSON.bytes) },
        all.map { $0.value.event.type == .productDeleted },
        all.map { $0.value.product.time(in: $0.value.event) }, all.map(\.value.event.id),
      ])
  }
}

extension Product {
  fileprivate func time(in event: Event) -> Timestamp { updatedAt ?? event.detailsTime }

  fileprivate var variantsJSON: JSON {
    .array(
      (variants ?? []).map { variant in
        [
          "externalId": .string(variant.externalId), "sku": .text(variant.sku),
          "barcode": .text(variant.barcode), "price": .text(variant.price?.text),
          "currency": .text(variant.currency),
        ]
      })
  }
}
