import Events
import JSON

/// Valid events to start from.
enum Bodies {
  static let connectionId = "6f1c2b3a-0000-4000-8000-000000000001"

  static let orderText = ##"""
    {"specversion":"1.0","id":"allegro:6f1c2b3a-0000-4000-8000-000000000001:event-id-456","source":"/connections/6f1c2b3a-0000-4000-8000-000000000001","type":"order.created","subject":"order/820982911946154508","time":"2026-01-01T12:00:00Z","datacontenttype":"application/json","data":{"connectionId":"6f1c2b3a-0000-4000-8000-000000000001","platform":"allegro","marketplaceId":1,"change":"created","backfill":false,"order":{"externalId":"820982911946154508","number":"#1001","status":"new","financialStatus":"paid","fulfillmentStatus":"unfulfilled","placedAt":"2026-01-01T11:59:58Z","updatedAt":"2026-01-01T12:00:00Z","cancelledAt":null,"currency":"PLN","total":"123.45","tax":"23.08","shipping":"9.99","buyer":{"externalId":"b-1","name":"Żaneta 🐿","email":"z@example.com"},"shippingAddress":{"city":"Łódź","lines":["a",1]},"tracking":[{"carrier":"DPD","number":"1","url":"https://example.com/1"}],"lines":[{"externalId":"li-1","listingId":"offer-9","sku":"SKU-0001","title":"Mug","quantity":2,"unitPrice":"49.99"},{"externalId":"li-2","sku":"SKU-0002","quantity":1}]}}}
    """##

  /// The order event as a tree, to be changed by a test.
  static var order: JSON {
    get throws { try JSON.parse(orderText) }
  }

  /// An order event with another `data.order`.
  static func order(_ change: (inout JSON) -> Void) throws -> JSON {
    var body = try order
    var order = body["data"]["order"]
    change(&order)
    body["data"]["order"] = order
    return body
  }

  /// An order event with these lines.
  static func lines(_ lines: JSON...) throws -> JSON {
    try order { $0["lines"] = .array(lines) }
  }

  /// An event of another type with one member in `data` beside what all of them have.
  static func event(_ type: EventType, _ members: [String: JSON]) -> JSON {
    var data: JSON = ["connectionId": .string(connectionId), "platform": "shopify", "marketplaceId": 2]
    for (name, member) in members { data[name] = member }
    return [
      "specversion": "1.0", "id": "shopify:1", "source": "/x", "type": .string(type.rawValue),
      "time": "2026-01-01T12:00:00Z", "data": data,
    ]
  }
}

extension Event {
  static func decode(_ json: JSON) throws(EventError) -> Event { try decode(json.bytes) }
  static func decode(_ text: String) throws(EventError) -> Event { try decode(Array(text.utf8)) }
}

/// The sentence that a body is refused with, or nil when it is taken.
func refusal(_ json: JSON) -> String? { refusal(json.bytes) }

/// The sentence that a body is refused with, or nil when it is taken.
func refusal(_ bytes: [UInt8]) -> String? {
  do {
    _ = try Event.decode(bytes)
    return nil
  } catch {
    return error.description
  }
}
