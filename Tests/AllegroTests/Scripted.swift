import Allegro
import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Time

import struct Foundation.UUID

/// An Allegro that answers from a table of paths; what is not there is 404.
final class ScriptedAllegro: MarketplaceTransport {
  let answers: [String: JSON]
  let asked = NIOLockedValueBox<[MarketplaceCall]>([])
  static let date = "Thu, 01 Jan 2026 12:00:10 GMT"

  init(_ answers: [String: JSON]) {
    self.answers = answers
  }

  var calls: [MarketplaceCall] { asked.withLockedValue { $0 } }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    asked.withLockedValue { $0.append(call) }
    guard let json = answers[call.path] else { return MarketplaceAnswer(status: 404) }
    return MarketplaceAnswer(status: 200, headers: ["date": Self.date], body: json.bytes)
  }

  func adapter(_ dialect: MarketplaceConnection.Dialect) -> AllegroAdapter {
    AllegroAdapter(
      connection: .test(dialect),
      client: MarketplaceClient(
        transport: self, authorisation: FixedAuthorisation(.init(name: "authorization", value: "Bearer t"))))
  }
}

extension MarketplaceConnection {
  static func test(_ dialect: Dialect, createdAt: String = "2025-12-31T00:00:00Z") -> MarketplaceConnection {
    MarketplaceConnection(
      id: UUID(uuidString: "6F1C0000-0000-4000-8000-000000000001") ?? UUID(), userId: "u1",
      platform: .allegro,
      marketplaceId: 7, name: "shop", baseURL: "http://allegro", dialect: dialect, mode: .live,
      start: .latest,
      syncRules: .null, realtimeEnabled: false, isEnabled: true, createdAt: Timestamp(createdAt) ?? .epoch,
      updatedAt: .epoch)
  }
}

/// A checkout form in the shape of the live service, with the nulls it really has.
func form(
  _ id: String, status: String = "READY_FOR_PROCESSING", fulfillment: String = "NEW",
  updatedAt: String = "2026-01-01T12:00:05.123Z", quantity: JSON = 2,
  boughtAt: String = "2026-01-01T12:00:00.000Z"
) -> JSON {
  [
    "id": .string(id), "messageToSeller": nil,
    "buyer": [
      "id": "b-1", "email": "jan@example.com", "login": "jan", "firstName": "Jan", "lastName": "Kowalski",
    ],
    "payment": ["id": "p", "type": "ONLINE", "finishedAt": nil, "paidAmount": nil],
    "status": .string(status), "fulfillment": ["status": .string(fulfillment)], "delivery": nil,
    "lineItems": [
      [
        "id": .string("li-" + id),
        "offer": ["id": "9726837549", "name": "Lamp", "external": ["id": "SKU-0001"]], "quantity": quantity,
        "price": ["amount": "49.99", "currency": "PLN"], "boughtAt": .string(boughtAt),
      ],
      [
        "id": .string("li2-" + id), "offer": ["id": "9726837550", "name": "Bulb", "external": nil],
        "price": ["amount": "5", "currency": "PLN"], "boughtAt": "2026-01-01T12:00:01.000Z",
      ],
    ],
    "summary": ["totalToPay": ["amount": "104.98", "currency": "PLN"]], "updatedAt": .string(updatedAt),
    "revision": "819b5836",
  ]
}

func orderEvent(_ id: String, _ type: String, form formId: String) -> JSON {
  [
    "id": .string(id), "type": .string(type), "occurredAt": "2026-01-01T12:00:06.000Z",
    "order": ["checkoutForm": ["id": .string(formId), "revision": "old"], "lineItems": []],
  ]
}

func offerEvent(_ id: String, _ type: String, offer: String, sku: JSON = nil) -> JSON {
  [
    "id": .string(id), "type": .string(type), "occurredAt": "2026-01-01T12:00:06.000Z",
    "offer": ["id": .string(offer), "external": sku.isNull ? nil : ["id": sku]],
  ]
}

func offer(_ id: String, available: JSON) -> JSON {
  [
    "id": .string(id), "name": "Lamp", "external": ["id": .string("SKU-" + id)],
    "sellingMode": ["price": ["amount": "49.99", "currency": "PLN"]], "stock": ["available": available],
    "publication": ["status": "ACTIVE"],
  ]
}

extension FeedPage {
  func reason(_ index: Int) -> String? {
    guard items.indices.contains(index) else { return nil }
    switch items[index].meaning {
    case .skipped(let reason), .failed(let reason): return reason
    case .event: return nil
    }
  }
}
