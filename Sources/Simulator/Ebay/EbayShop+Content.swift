import JSON
import Time

extension EbayShop {
  func orders(_ request: Request, at now: Timestamp) -> Response {
    guard let limit = Int(request.query["limit"] ?? "50"), (1...200).contains(limit),
      let offset = Int(request.query["offset"] ?? "0"), offset >= 0
    else { return refusal(400, of: request, at: now) }
    var query = OrderQuery(offset: offset, limit: limit)
    if let filter = request.query["filter"] {
      guard let (from, to) = Self.window(filter) else { return refusal(400, of: request, at: now) }
      (query.updatedFrom, query.updatedTo) = (from, to)
    }
    let (places, total) = market.orders(query) { $0.latest.paidAt != nil }
    return reply(
      [
        "total": .integer(total), "limit": .integer(limit), "offset": .integer(offset),
        "orders": .array(places.map { json(of: market.orders[$0]) }),
      ], at: now)
  }

  func order(_ id: String, _ request: Request, at now: Timestamp) -> Response {
    guard let order = order(named: id) else { return refusal(404, of: request, at: now) }
    return reply(json(of: order), at: now)
  }

  func fulfillments(of id: String, _ request: Request, at now: Timestamp) -> Response {
    guard let order = order(named: id) else { return refusal(404, of: request, at: now) }
    guard let sentAt = order.latest.sentAt else { return reply(["fulfillments": [], "total": 0], at: now) }
    let parcel: JSON = [
      "fulfillmentId": .string(String(order.number)), "shipmentTrackingNumber": .string("EB\(order.number)"),
      "shippingCarrierCode": "DHL", "shippedDate": .time(sentAt),
    ]
    return reply(["fulfillments": [parcel], "total": 1], at: now)
  }

  func inventory(_ request: Request, at now: Timestamp) -> Response {
    guard let limit = Int(request.query["limit"] ?? "25"), (1...200).contains(limit),
      let offset = Int(request.query["offset"] ?? "0"), offset >= 0
    else { return refusal(400, of: request, at: now) }
    let page = market.listings.dropFirst(offset).prefix(limit)
    return reply(
      ["total": .integer(market.listings.count), "inventoryItems": .array(page.map(json))], at: now)
  }

  func item(_ sku: String, _ request: Request, at now: Timestamp) -> Response {
    guard let listing = market.listings.first(where: { $0.sku == sku }) else {
      return refusal(404, of: request, at: now)
    }
    return reply(json(of: listing), at: now)
  }

  mutating func changeQuantities(_ request: Request, at now: Timestamp) -> Response {
    guard let body = try? JSON.parse(request.body), !body["requests"].array.isEmpty else {
      return refusal(400, of: request, at: now)
    }
    var responses: [JSON] = []
    for change in body["requests"].array {
      let place = market.listings.firstIndex { $0.sku == change["sku"].text }
      let quantity = change["shipToLocationAvailability"]["quantity"].integer
      guard let place, let quantity, (0...999_999).contains(quantity) else {
        let message: JSON = ["message": "There is no such item, or it can't have that quantity."]
        responses.append(["statusCode": place == nil ? 404 : 400, "sku": change["sku"], "errors": [message]])
        continue
      }
      market.setStock(of: place, to: Int(quantity), at: now)
      responses.append(["statusCode": 200, "sku": change["sku"], "errors": []])
    }
    return reply(["responses": .array(responses)], at: now)
  }

  /// `lastmodifieddate:[from..to]`, of which the end may be missing.
  private static func window(_ filter: String) -> (Timestamp, Timestamp?)? {
    guard filter.hasPrefix("lastmodifieddate:["), filter.hasSuffix("]") else { return nil }
    let ends = filter.dropFirst(18).dropLast().split(separator: ".", omittingEmptySubsequences: false)
    // Fractions of a second have a point too: the two ends are what stands around "..".
    guard let gap = ends.firstIndex(of: "") else { return nil }
    let (from, to) = (ends[..<gap].joined(separator: "."), ends[(gap + 1)...].joined(separator: "."))
    guard let start = Timestamp(from), to.isEmpty || Timestamp(to) != nil else { return nil }
    return (start, Timestamp(to))
  }

  private func order(named id: String) -> Order? {
    let parts = id.split(separator: "-")
    return parts.count == 3 ? market.order(numbered: String(parts[1])) : nil
  }

  private func json(of listing: Listing) -> JSON {
    [
      "sku": .string(listing.sku), "product": ["title": .string(listing.title)], "condition": "NEW",
      "availability": ["shipToLocationAvailability": ["quantity": .integer(listing.stock)]],
    ]
  }

  private func money(_ hundredths: Int) -> JSON {
    ["value": .hundredths(hundredths), "currency": .string(currency)]
  }

  private func json(of order: Order) -> JSON {
    let (latest, buyer) = (order.latest, order.buyer)
    let isCancelled = latest.cancelledAt != nil
    return [
      "orderId": .string(externalId(of: order)), "creationDate": .time(order.placedAt),
      "lastModifiedDate": .time(latest.updatedAt),
      "orderPaymentStatus": isCancelled ? "FULLY_REFUNDED" : "PAID",
      "orderFulfillmentStatus": latest.sentAt == nil ? "NOT_STARTED" : "FULFILLED",
      "cancelStatus": [
        "cancelState": isCancelled ? "CANCELED" : "NONE_REQUESTED",
        "cancelledDate": .time(latest.cancelledAt),
        "cancelRequests": [],
      ],
      "buyer": ["username": .string(buyer.login)],
      "pricingSummary": ["total": money(latest.total), "deliveryCost": money(OrderVersion.deliveryPrice)],
      "fulfillmentStartInstructions": [
        [
          "shippingStep": [
            "shipTo": [
              "fullName": .string(buyer.firstName + " " + buyer.lastName), "email": .string(buyer.email),
              "contactAddress": ["city": .string(buyer.city), "postalCode": .string(buyer.postCode)],
            ]
          ]
        ]
      ],
      "lineItems": .array(latest.lines.map(json)),
    ]
  }

  private func json(of line: Line) -> JSON {
    let listing = market.listings[line.listing]
    return [
      "lineItemId": .string(externalId(of: line)), "sku": .string(listing.sku),
      "title": .string(listing.title),
      "quantity": .integer(line.quantity), "legacyItemId": .string(String(listing.id)),
      "lineItemCost": money(line.price * line.quantity),
    ]
  }
}
