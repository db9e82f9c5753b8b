import JSON
import Time

extension WooCommerceShop {
  func orders(_ request: Request, at now: Timestamp) -> Response {
    guard let slice = slice(request) else { return refusal(400, of: request, at: now) }
    var query = OrderQuery(offset: slice.offset, limit: slice.limit)
    query.sortedBy = request.query["orderby"] == "modified" ? .updated : .bought
    query.descending = request.query["order"] != "asc"
    if let text = request.query["modified_after"] {
      guard let after = Timestamp(text), request.query["dates_are_gmt"] == "true" else {
        return refusal(400, of: request, at: now)
      }
      query.updatedFrom = Timestamp(secondsSince1970: after.secondsSince1970 + 1)
    }
    let (places, _) = market.orders(query) { _ in true }
    return reply(.array(places.map { json(of: market.orders[$0]) }), at: now)
  }

  func order(_ id: String, _ request: Request, at now: Timestamp) -> Response {
    guard let order = market.order(numbered: id) else { return refusal(404, of: request, at: now) }
    return reply(json(of: order), at: now)
  }

  mutating func note(_ id: String, _ request: Request, at now: Timestamp) -> Response {
    guard let order = market.order(numbered: id) else { return refusal(404, of: request, at: now) }
    if request.method == "GET" {
      return reply(.array(notes[order.number, default: []].map { Self.note($0.text) }), at: now)
    }
    guard let body = try? JSON.parse(request.body), let text = body["note"].text, !text.isEmpty else {
      return refusal(400, of: request, at: now)
    }
    if body["customer_note"] == true {
      notes[order.number, default: []].append(Letter(buyer: order.buyer.login, text: text, sentAt: now))
    }
    return reply(Self.note(text), status: 201, at: now)
  }

  private static func note(_ text: String) -> JSON {
    ["id": .integer(text.utf8.count), "note": .string(text), "customer_note": true]
  }

  private func json(of order: Order) -> JSON {
    let (latest, buyer) = (order.latest, order.buyer)
    let address: JSON = [
      "first_name": .string(buyer.firstName), "last_name": .string(buyer.lastName),
      "address_1": .string(buyer.street), "city": .string(buyer.city), "postcode": .string(buyer.postCode),
      "country": "PL",
    ]
    var billing = address
    (billing["email"], billing["phone"]) = (.string(buyer.email), .string(buyer.phone))
    let parcel: JSON = [
      "tracking_provider": "InPost", "tracking_number": .string("WC\(order.number)"),
      "tracking_link": .string("https://parcels.example/WC\(order.number)"),
    ]
    return [
      "id": .integer(order.number), "number": .string(String(order.number)),
      "status": .string(latest.wooCommerceStatus), "currency": .string(currency),
      "date_created_gmt": Self.time(order.placedAt), "date_modified_gmt": Self.time(latest.updatedAt),
      "date_paid_gmt": Self.time(latest.paidAt), "date_completed_gmt": Self.time(latest.sentAt),
      "total": .hundredths(latest.total), "total_tax": "0.00",
      "shipping_total": .hundredths(latest.isFilledIn ? OrderVersion.deliveryPrice : 0),
      "customer_id": .integer(buyer.number), "billing": billing, "shipping": address, "refunds": [],
      "meta_data": latest.sentAt == nil ? [] : [["key": "_wc_shipment_tracking_items", "value": [parcel]]],
      "line_items": .array(latest.lines.map(json)),
    ]
  }

  private func json(of line: Line) -> JSON {
    let place = line.listing
    let (product, variation) = productIds(of: place)
    return [
      "id": .integer(line.id.number), "name": .string(market.listings[place].title),
      "product_id": .integer(product), "variation_id": .integer(variation ?? 0),
      "quantity": .integer(line.quantity), "sku": .string(market.listings[place].sku),
      "price": .number(JSON.hundredths(line.price).text ?? "0"),
      "total": .hundredths(line.price * line.quantity),
    ]
  }
}

extension OrderVersion {
  fileprivate var wooCommerceStatus: String {
    if cancelledAt != nil { return "cancelled" }
    if sentAt != nil { return "completed" }
    return paidAt == nil ? "pending" : "processing"
  }
}
