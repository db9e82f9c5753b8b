import JSON

/// What Allegro says, with the nulls that it really has (14).
enum Said {
  /// A checkout form; lines are ids with quantities, all of them of SKU-1.
  static func form(
    _ id: String, _ lines: [(String, JSON)], status: String = "READY_FOR_PROCESSING",
    updatedAt: String = "2026-01-01T12:00:05.123Z"
  ) -> JSON {
    [
      "id": .string(id), "messageToSeller": nil, "delivery": nil, "status": .string(status),
      "buyer": ["id": "b-1", "email": "jan@example.com", "login": "jan"],
      "payment": ["id": "p", "finishedAt": nil, "paidAmount": nil], "fulfillment": ["status": "NEW"],
      "lineItems": .array(
        lines.map { line, quantity in
          [
            "id": .string(line), "quantity": quantity,
            "offer": ["id": "9726837549", "name": "Lamp", "external": ["id": "SKU-1"]],
            "price": ["amount": "49.99", "currency": "PLN"], "boughtAt": "2026-01-01T12:00:00.000Z",
          ]
        }),
      "summary": ["totalToPay": ["amount": "99.98", "currency": "PLN"]], "updatedAt": .string(updatedAt),
    ]
  }

  /// A page of `/order/events`: numbers, types and the forms they are about.
  static func events(_ events: [(Int, String, String)]) -> JSON {
    [
      "events": .array(
        events.map { number, type, form in
          [
            "id": .string("event-\(number)"), "type": .string(type),
            "occurredAt": .string("2026-01-01T12:00:0\(number % 10).000Z"),
            "order": ["checkoutForm": ["id": .string(form)], "lineItems": []],
          ]
        })
    ]
  }

  /// A page of `/sale/offer-events`: numbers and offers.
  static func stockEvents(_ events: [(Int, String)]) -> JSON {
    [
      "offerEvents": .array(
        events.map { number, offer in
          [
            "id": .string("event-\(number)"), "type": "OFFER_STOCK_CHANGED",
            "occurredAt": "2026-01-01T12:00:06.000Z", "offer": ["id": .string(offer), "external": nil],
          ]
        })
    ]
  }

  static func offer(_ id: String, available: JSON) -> JSON {
    [
      "id": .string(id), "name": "Lamp", "external": ["id": "SKU-1"], "stock": ["available": available],
      "sellingMode": ["price": ["amount": "49.99", "currency": "PLN"]], "publication": ["status": "ACTIVE"],
    ]
  }

  /// The body of a Shopify webhook about an order of two pieces of S-1; `rest` is written behind the members, the last
  /// of a name counts.
  static func order(
    _ id: String = "820982911946154508", updated: String = "2026-01-01T12:00:01Z", quantity: String = "2",
    cancelled: String? = nil, financial: String = "paid", total: String = #""70""#, currency: String = "EUR",
    created: String = "2026-01-01T12:00:00Z", title: String = "Lamp", refunds: String = "[]"
  ) -> String {
    """
    {"id":\(id),"name":"#1001","created_at":"\(created)","updated_at":"\(updated)",\
    "cancelled_at":\(cancelled.map { "\"\($0)\"" } ?? "null"),"financial_status":"\(financial)",\
    "fulfillment_status":null,"test":false,"currency":"\(currency)","total_price":\(total),"email":"b@example.com",\
    "customer":null,"shipping_address":null,"fulfillments":[],"refunds":\(refunds),"line_items":[{"id":11,\
    "variant_id":null,"sku":"S-1","title":"\(title)","quantity":\(quantity),"price":"35"}]}
    """
  }
}
