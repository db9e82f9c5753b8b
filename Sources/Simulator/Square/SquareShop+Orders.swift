import JSON
import Time

/// Orders, and what buyers complain about.
extension SquareShop {
  func searchOrders(_ body: JSON, of request: Request, at now: Timestamp) -> Response {
    let limit = body["limit"].integer ?? 500
    guard !body["location_ids"].array.isEmpty, (1...1000).contains(limit) else {
      return refusal(400, of: request, at: now)
    }
    // All orders are of the first location.
    guard body["location_ids"].array.contains(.string(Self.places[0])) else { return reply([:], at: now) }
    let range = body["query"]["filter"]["date_time_filter"]["updated_at"]
    let entries = market.index
      .entries(by: .updated, from: range["start_at"].timestamp, to: range["end_at"].timestamp)
      .filter { market.orders[$0.order].latest.updatedAt == $0.time }
      .map { (at: $0.time, place: $0.order) }
    let page = ChangePage(entries, after: body["cursor"].text, limit: Int(limit))
    var answer: JSON = page.places.isEmpty ? [:] : ["orders": .array(page.places.map(order))]
    if page.hasMore { answer["cursor"] = .text(page.cursor) }
    return reply(answer, at: now)
  }

  func order(_ place: Int) -> JSON {
    let order = market.orders[place]
    let latest = order.latest
    var json: JSON = [
      "id": .string(externalId(of: order)), "location_id": .string(Self.places[0]),
      "reference_id": .string(String(order.number)), "state": .string(latest.squareState),
      "version": .integer(order.versions.count), "created_at": .time(order.placedAt),
      "updated_at": .time(latest.updatedAt),
      "line_items": .array(latest.lines.map(line)), "total_money": money(latest.total),
      "total_tax_money": money(0),
      "total_service_charge_money": money(latest.isFilledIn ? OrderVersion.deliveryPrice : 0),
      "customer_id": .string(order.buyer.id), "fulfillments": [fulfillment(of: order)],
    ]
    if let cancelled = latest.cancelledAt { json["closed_at"] = .time(cancelled) }
    if latest.paidAt != nil {
      let payment = JSON.string(order.paymentId.description)
      json["tenders"] = [["id": payment, "payment_id": payment, "amount_money": money(latest.total)]]
    }
    if latest.stage == .returned {
      json["refunds"] = [["id": "r1", "status": "COMPLETED", "amount_money": money(latest.total)]]
    }
    return json
  }

  private func line(_ line: Line) -> JSON {
    let listing = market.listings[line.listing]
    return [
      "uid": .string(line.id.description), "catalog_object_id": .string(String(listing.id)),
      "name": .string(listing.title), "variation_name": "", "quantity": .string(String(line.quantity)),
      "base_price_money": money(line.price),
    ]
  }

  private func fulfillment(of order: Order) -> JSON {
    let latest = order.latest
    var recipient: JSON = [
      "display_name": .string("\(order.buyer.firstName) \(order.buyer.lastName)"),
      "email_address": .string(order.buyer.email),
    ]
    if latest.isFilledIn {
      recipient["address"] = [
        "address_line_1": .string(order.buyer.street), "locality": .string(order.buyer.city),
        "postal_code": .string(order.buyer.postCode), "country": "PL",
      ]
    }
    var details: JSON = ["recipient": recipient]
    if latest.sentAt != nil {
      details["carrier"] = "UPS"
      details["tracking_number"] = .string("1Z\(order.number)")
      details["tracking_url"] = .string("https://ups.example/1Z\(order.number)")
    }
    let state = latest.cancelledAt != nil ? "CANCELED" : latest.sentAt == nil ? "PROPOSED" : "COMPLETED"
    return ["uid": "f1", "type": "SHIPMENT", "state": .string(state), "shipment_details": details]
  }

  // MARK: Disputes

  /// The oldest first, twenty at a time.
  func disputes(after cursor: String?) -> JSON {
    let start = min(max(cursor.flatMap { Int($0) } ?? 0, 0), market.disputes.count)
    let end = min(start + 20, market.disputes.count)
    var answer: JSON = ["disputes": .array((start..<end).map { dispute($0) })]
    if end < market.disputes.count { answer["cursor"] = .string(String(end)) }
    return answer
  }

  func dispute(_ place: Int) -> JSON {
    let dispute = market.disputes[place]
    let order = market.orders[dispute.order]
    return [
      "id": .string("DSP-\(place + 1)"), "reason": "NOT_AS_DESCRIBED",
      "state": dispute.answeredAt == nil ? "INQUIRY_EVIDENCE_REQUIRED" : "INQUIRY_PROCESSING",
      "amount_money": money(order.latest.total), "created_at": .time(dispute.openedAt),
      "updated_at": .time(dispute.answeredAt ?? dispute.openedAt), "location_id": .string(Self.places[0]),
      "disputed_payment": ["payment_id": .string(order.paymentId.description)],
    ]
  }
}

extension OrderVersion {
  fileprivate var squareState: String {
    if cancelledAt != nil { return "CANCELED" }
    return stage == .delivered || stage == .returned ? "COMPLETED" : "OPEN"
  }
}
