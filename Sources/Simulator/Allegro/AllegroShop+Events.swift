import JSON
import Time

/// The two event feeds.
extension AllegroShop {
  func offerEvents(_ request: Request, at now: Timestamp) -> Response {
    guard let page = EventPage(request, dialect: account.dialect) else {
      return error(422, of: request, at: now)
    }
    let dialect = account.dialect
    let entries = market.offerEvents.page(after: page.cursor, limit: page.limit) { entry in
      page.types.isEmpty || page.types.contains(entry.content.type(in: dialect, id: entry.id))
    }
    var json = JSONWriter(capacity: 256 + entries.count * 256)
    json.beginObject()
    json.key(dialect == .live ? "offerEvents" : "events")
    json.beginArray()
    for entry in entries { write(entry, into: &json) }
    json.endArray()
    if dialect == .documented { writeLastId(entries.last?.id, of: request, into: &json) }
    json.endObject()
    return reply(json, at: now)
  }

  func orderEvents(_ request: Request, at now: Timestamp) -> Response {
    guard let page = EventPage(request, dialect: account.dialect) else {
      return error(422, of: request, at: now)
    }
    let dialect = account.dialect
    let entries = market.orderEvents.page(after: page.cursor, limit: page.limit) { entry in
      page.types.isEmpty || page.types.contains(entry.content.milestone.type(in: dialect))
    }
    var json = JSONWriter(capacity: 256 + entries.count * 1024)
    json.beginObject()
    json.key("events")
    json.beginArray()
    for entry in entries { write(entry, into: &json) }
    json.endArray()
    if dialect == .documented { writeLastId(entries.last?.id, of: request, into: &json) }
    json.endObject()
    return reply(json, at: now)
  }

  func orderEventStats(at now: Timestamp) -> Response {
    var json = JSONWriter()
    json.beginObject()
    json.key("latestEvent")
    if let last = market.orderEvents.last {
      json.beginObject()
      json.key("id")
      json.string(account.dialect.eventId(last.id))
      json.key("occurredAt")
      json.timestamp(last.occurredAt)
      json.endObject()
    } else {
      json.null()
    }
    json.endObject()
    return reply(json, at: now)
  }

  private func writeLastId(_ last: Int64?, of request: Request, into json: inout JSONWriter) {
    json.key("lastEventId")
    if let last {
      json.string(account.dialect.eventId(last))
    } else if let cursor = request.query[account.dialect.cursorParameter] {
      json.string(cursor)
    } else {
      json.null()
    }
  }

  private func write(_ entry: Feed<OfferNews>.Entry, into json: inout JSONWriter) {
    json.beginObject()
    json.key("id")
    json.string(account.dialect.eventId(entry.id))
    json.key("type")
    json.string(entry.content.type(in: account.dialect, id: entry.id))
    json.key("occurredAt")
    json.timestamp(entry.occurredAt)
    json.key("offer")
    json.beginObject()
    json.key("id")
    switch entry.content {
    case .stranger(let id):
      json.string(String(id))
      json.key("external")
      json.null()
    case .stock(let place), .price(let place), .details(let place), .soldOut(let place),
      .backInStock(let place):
      let listing = market.listings[place]
      json.string(String(listing.id))
      if account.dialect == .documented {
        json.key("name")
        json.string(listing.title)
      }
      json.key("external")
      json.externalId(listing.sku)
    }
    if account.dialect == .live {
      json.key("publication")
      json.beginObject()
      json.key("endedBy")
      if case .soldOut = entry.content { json.string("EMPTY_STOCK") } else { json.null() }
      json.endObject()
    }
    json.endObject()
    json.endObject()
  }

  private func write(_ entry: Feed<OrderNews>.Entry, into json: inout JSONWriter) {
    json.beginObject()
    json.key("id")
    json.string(account.dialect.eventId(entry.id))
    json.key("type")
    json.string(entry.content.milestone.type(in: account.dialect))
    json.key("occurredAt")
    json.timestamp(entry.occurredAt)
    json.key("order")
    switch account.dialect {
    case .live: market.writeLiveOrder(entry.content.order, version: entry.content.version, into: &json)
    case .documented:
      market.writeDocumentedOrder(entry.content.order, version: entry.content.version, into: &json)
    }
    json.endObject()
  }
}

/// What a request for events asks for; nil when a parameter is not allowed.
private struct EventPage {
  let cursor: Int64?
  let limit: Int
  let types: Set<String>

  init?(_ request: Request, dialect: AllegroDialect) {
    cursor = request.query[dialect.cursorParameter].flatMap(dialect.eventNumber)
    if request.query[dialect.cursorParameter] != nil, cursor == nil { return nil }
    guard let limit = Int(request.query["limit"] ?? "100"), (1...AllegroAPI.largestEventPage).contains(limit)
    else { return nil }
    self.limit = limit
    types = request.query.all("type")
  }
}

extension Milestone {
  func type(in dialect: AllegroDialect) -> String {
    dialect == .live ? liveType : documentedType
  }

  private var liveType: String {
    switch self {
    case .placed: "BOUGHT"
    case .filledIn, .merged: "FILLED_IN"
    case .paid: "READY_FOR_PROCESSING"
    case .sent, .delivered, .returned: "FULFILLMENT_STATUS_CHANGED"
    case .edited: "BUYER_MODIFIED"
    case .cancelledByBuyer: "BUYER_CANCELLED"
    case .cancelledAutomatically: "AUTO_CANCELLED"
    }
  }

  private var documentedType: String {
    switch self {
    case .placed, .merged: "ORDER_CREATED"
    case .filledIn, .edited: "ORDER_UPDATED"
    case .paid: "ORDER_PAID"
    case .sent: "ORDER_SENT"
    case .delivered: "ORDER_FULFILLED"
    case .returned: "ORDER_REFUNDED"
    case .cancelledByBuyer, .cancelledAutomatically: "ORDER_CANCELLED"
    }
  }
}

extension OfferNews {
  /// Some changes of stock go by their other documented name.
  func type(in dialect: AllegroDialect, id: Int64) -> String {
    let isLive = dialect == .live
    return switch self {
    case .stock: !isLive && id % 4 == 0 ? "OFFER_QUANTITY_CHANGED" : "OFFER_STOCK_CHANGED"
    case .price: "OFFER_PRICE_CHANGED"
    case .details: isLive ? "OFFER_CHANGED" : "OFFER_UPDATED"
    case .soldOut: isLive ? "OFFER_ENDED" : "OFFER_DEACTIVATED"
    case .backInStock: "OFFER_ACTIVATED"
    case .stranger: isLive ? "OFFER_CHANGED" : "OFFER_STOCK_CHANGED"
    }
  }
}
