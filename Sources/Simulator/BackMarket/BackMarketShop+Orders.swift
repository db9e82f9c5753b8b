import JSON
import Time

/// Orders and the complaints about them.
extension BackMarketShop {
  func orders(_ request: Request, at now: Timestamp) -> Response {
    let state = request.query["state"].flatMap { Int($0) }
    var query = OrderQuery()
    for (name, field) in [
      ("date_modification", \OrderQuery.updatedFrom), ("date_creation", \OrderQuery.boughtFrom),
    ] {
      guard let text = request.query[name] else { continue }
      guard let time = Timestamp(text) else { return refusal(400, of: request, at: now) }
      query[keyPath: field] = Timestamp(secondsSince1970: time.secondsSince1970)
    }
    let found = page(request, largest: 50, usual: 10) { offset, limit in
      (query.offset, query.limit) = (offset, limit)
      let (places, total) = market.orders(query) { order in
        order.latest.paidAt != nil && (state == nil || order.latest.backMarketState == state)
      }
      return (places.map { json(of: market.orders[$0]) }, total)
    }
    guard let found else { return refusal(400, of: request, at: now) }
    return reply(found, at: now)
  }

  func order(_ request: Request, at now: Timestamp) -> Response {
    guard let order = market.order(numbered: request.path[2]), order.latest.paidAt != nil else {
      return refusal(404, of: request, at: now)
    }
    return reply(json(of: order), at: now)
  }

  func careFolders(_ request: Request, at now: Timestamp) -> Response {
    let since = request.query["last_modification_date"].map(Self.minute)
    if case .some(nil) = since { return refusal(400, of: request, at: now) }
    let chosen = market.disputes.indices.filter { place in
      since.flatMap { $0 }.map { market.disputes[place].openedAt >= $0 } ?? true
    }
    let found = page(request, largest: 10, usual: 10) { offset, limit in
      (
        chosen.dropFirst(offset).prefix(limit).map { place in
          var folder = careFolder(place)
          folder["orderline"] = .integer(firstLine(of: market.disputes[place]).id.number)
          return folder
        }, chosen.count
      )
    }
    guard let found else { return refusal(400, of: request, at: now) }
    return reply(found, at: now)
  }

  func careFolder(_ request: Request, at now: Timestamp) -> Response {
    guard let place = Int(request.path[2]).map({ $0 - 1 }), market.disputes.indices.contains(place) else {
      return refusal(404, of: request, at: now)
    }
    let dispute = market.disputes[place]
    let line = firstLine(of: dispute)
    var folder = careFolder(place)
    folder["orderline"] = [
      "id": .integer(line.id.number), "order": ["order_id": .integer(market.orders[dispute.order].number)],
      "quantity": .integer(line.quantity), "state": 3,
    ]
    folder["lines"] = [
      ["id": .integer(place + 1), "issues": [["customerIssue": "BATTERY_NOT_CHARGING", "tag": "TECHNICAL"]]]
    ]
    return reply(folder, at: now)
  }

  private func careFolder(_ place: Int) -> JSON {
    let openedAt = JSON.time(market.disputes[place].openedAt)
    return [
      "id": .integer(place + 1), "date_creation": openedAt, "date_modification": openedAt,
      "date_last_message": openedAt, "date_closed": nil, "state": 0, "lines": [.integer(place + 1)],
      "country_code": "fr-fr",
    ]
  }

  private func firstLine(of dispute: Dispute) -> Line { market.orders[dispute.order].versions[0].lines[0] }

  /// `YYYY-MM-DD-hh-mm`; nil for anything else.
  private static func minute(_ text: String) -> Timestamp? {
    let parts = text.split(separator: "-")
    guard parts.count == 5 else { return nil }
    return Timestamp("\(parts[0])-\(parts[1])-\(parts[2])T\(parts[3]):\(parts[4]):00Z")
  }

  private func json(of order: Order) -> JSON {
    let latest = order.latest
    let address: JSON = [
      "firstName": .string(order.buyer.firstName), "lastName": .string(order.buyer.lastName),
      "street": .string(order.buyer.street), "street2": "", "postalCode": .string(order.buyer.postCode),
      "city": .string(order.buyer.city), "country": "PL", "phoneNumber": .string(order.buyer.phone),
    ]
    let isSent = latest.sentAt != nil
    return [
      "order_id": .integer(order.number), "state": .integer(latest.backMarketState),
      "date_creation": .time(order.placedAt),
      "date_modification": .time(Timestamp(secondsSince1970: latest.updatedAt.secondsSince1970)),
      "date_payment": .time(latest.paidAt), "date_shipping": .time(latest.sentAt),
      "shipping_address": address,
      "billing_address": address, "tracking_number": isSent ? .string("6A\(order.number)") : nil,
      "tracking_url": isSent ? .string("https://parcels.example/6A\(order.number)") : nil,
      "shipper_display": isSent ? "Colissimo" : nil,
      "price": .hundredths(latest.total - OrderVersion.deliveryPrice),
      "shipping_price": .hundredths(OrderVersion.deliveryPrice), "currency": .string(currency),
      "country_code": "fr-fr", "paypal_reference": nil, "sales_taxes": "0.00",
      "orderlines": .array(order.versions[0].lines.map { json(of: $0, in: latest) }),
    ]
  }

  private func json(of line: Line, in version: OrderVersion) -> JSON {
    let listing = market.listings[line.listing]
    let isKept = version.cancelledAt == nil && version.lines.contains { $0.id == line.id }
    return [
      "id": .integer(line.id.number), "date_creation": .time(line.boughtAt),
      "state": .integer(isKept ? version.lineState(number: line.id.number) : 4),
      "listing": .string(listing.sku),
      "listing_id": .integer(listing.id), "product": .string(listing.title),
      "quantity": .integer(line.quantity),
      "price": .hundredths(line.price), "shipping_price": "0.00", "currency": .string(currency),
      "return_reason": 0, "return_message": "", "imei": nil,
    ]
  }
}

extension OrderVersion {
  /// 1: the seller is to accept it, 3: to send it, 9: sent, or nothing is left to send.
  fileprivate var backMarketState: Int {
    if sentAt != nil || cancelledAt != nil { return 9 }
    return occurredAt.millisecondsSince1970 % 2 == 0 ? 1 : 3
  }

  fileprivate func lineState(number: Int64) -> Int {
    if sentAt != nil { return 3 }
    return backMarketState == 1 ? 1 : 2
  }
}
