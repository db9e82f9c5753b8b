import JSON
import Time

extension RefurbedShop {
  func orders(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    let released = body["filter"]["released_at"]
    let states = Set(body["filter"]["state"]["any_of"].array.compactMap(\.text))
    // Orders are released as they are placed, so in the order of their numbers.
    let chosen = market.orders.filter { order in
      let time = order.placedAt
      return released["ge"].timestamp.map { time >= $0 } ?? true
        && released["gt"].timestamp.map { time > $0 } ?? true
        && released["le"].timestamp.map { time <= $0 } ?? true
        && released["lt"].timestamp.map { time < $0 } ?? true
        && (states.isEmpty || states.contains(order.latest.refurbedState))
    }
    let page = page(chosen, id: { Int64($0.number) }, body, named: "orders", json: json)
    guard let page else { return refusal(400, of: request, at: now) }
    return reply(page, at: now)
  }

  func order(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    guard let order = market.order(numbered: body["id"].text ?? "") else {
      return refusal(404, of: request, at: now)
    }
    return reply(["order": json(of: order)], at: now)
  }

  func offers(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    let page = page(market.listings, id: \.id, body, named: "offers", json: json)
    guard let page else { return refusal(400, of: request, at: now) }
    return reply(page, at: now)
  }

  mutating func offer(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    let identifier = body["identifier"]
    let place =
      identifier["id"].integer.flatMap { market.listingIds[$0] }
      ?? identifier["sku"].text.flatMap { sku in market.listings.firstIndex { $0.sku == sku } }
    guard let place else { return refusal(404, of: request, at: now) }
    if request.path.last == "UpdateOffer", !body["stock"].isNull {
      guard let stock = body["stock"].integer, (0...999_999).contains(stock) else {
        return refusal(400, of: request, at: now)
      }
      market.setStock(of: place, to: Int(stock), at: now)
    }
    return reply(["offer": json(of: market.listings[place])], at: now)
  }

  private func json(of listing: Listing) -> JSON {
    [
      "id": .string(String(listing.id)), "version": "1", "sku": .string(listing.sku),
      "instance_name": .string(listing.title), "stock": .integer(listing.stock),
      "state": listing.isSoldOut ? "SOLD_OUT" : "ACTIVE", "reference_price": .hundredths(listing.price),
      "reference_currency_code": .string(currency),
    ]
  }

  private func json(of order: Order) -> JSON {
    let (latest, buyer) = (order.latest, order.buyer)
    let total = JSON.hundredths(latest.total)
    let isCancelled = latest.cancelledAt != nil
    let address: JSON = [
      "first_name": .string(buyer.firstName), "family_name": .string(buyer.lastName),
      "street_name": .string(buyer.street), "town": .string(buyer.city), "post_code": .string(buyer.postCode),
      "country_code": "PL", "phone_number": .string(buyer.phone),
    ]
    return [
      "id": .string(String(order.number)), "released_at": .time(order.placedAt),
      "state": .string(latest.refurbedState), "customer_email": .string(buyer.email),
      "shipping_address": address, "invoice_address": address, "currency_code": .string(currency),
      "total_charged": total, "total_paid": isCancelled ? "0.00" : total,
      "total_refunded": isCancelled ? total : "0.00", "total_vat_charged": "0.00",
      "items": .array(latest.lines.enumerated().map { item($1, number: $0, of: order) }),
    ]
  }

  /// The first item bears the costs of delivery.
  private func item(_ line: Line, number: Int, of order: Order) -> JSON {
    let (listing, latest) = (market.listings[line.listing], order.latest)
    let delivery = number == 0 ? OrderVersion.deliveryPrice : 0
    return [
      "id": .string(String(line.id.number)), "order_id": .string(String(order.number)),
      "name": .string(listing.title), "state": .string(latest.refurbedState), "sku": .string(listing.sku),
      "currency_code": .string(currency), "total_charged": .hundredths(line.price + delivery),
      "offer_data": [
        "offer_id": .string(String(listing.id)), "offer_version": "1",
        "shipping_costs": .hundredths(delivery),
      ],
      "parcel_tracking_url": latest.sentAt == nil
        ? "" : .string("https://parcels.example/track/RF\(order.number)"),
    ]
  }
}

extension OrderVersion {
  fileprivate var refurbedState: String {
    if cancelledAt != nil { return "CANCELLED" }
    if sentAt != nil { return "SHIPPED" }
    return occurredAt.millisecondsSince1970 % 2 == 0 ? "NEW" : "ACCEPTED"
  }
}
