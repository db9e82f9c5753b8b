import JSON
import Time

/// Orders as the GraphQL API shows them.
extension ShopifyShop {
  func orders(_ field: GraphQLField) throws(GraphQLProblem) -> JSON {
    let range = try ShopifySearch.range(field.arguments["query"]?.text ?? "")
    let entries = market.index.entries(by: .updated, from: range.from, to: range.to)
      .filter { market.orders[$0.order].latest.updatedAt == $0.time }
      .map { (at: $0.time, place: $0.order) }
    let page = ShopifySearch.page(entries, of: field)
    return ["nodes": .array(page.places.map { order(market.orders[$0]) }), "pageInfo": page.info]
  }

  func order(_ order: Order) -> JSON {
    let latest = order.latest
    let isCancelled = latest.cancelledAt != nil
    return [
      "id": .string("gid://shopify/Order/" + externalId(of: order)), "name": .string("#\(order.number)"),
      "createdAt": .time(order.placedAt), "updatedAt": .time(latest.updatedAt),
      "cancelledAt": .time(latest.cancelledAt), "cancelReason": isCancelled ? "CUSTOMER" : nil,
      "displayFinancialStatus": .string(latest.shopifyFinancialStatus),
      "displayFulfillmentStatus": latest.sentAt == nil ? "UNFULFILLED" : "FULFILLED", "test": false,
      "currencyCode": .string(currency), "email": .string(order.buyer.email),
      "totalPriceSet": money(latest.total), "totalTaxSet": money(0),
      "totalShippingPriceSet": money(latest.isFilledIn ? OrderVersion.deliveryPrice : 0),
      "customer": customer(order.buyer), "shippingAddress": latest.isFilledIn ? address(order.buyer) : nil,
      "lineItems": ["nodes": .array(lines(of: order))],
      "fulfillments": latest.sentAt == nil ? [] : [parcel(of: order)], "refunds": .array(refunds(of: order)),
    ]
  }

  /// Every line that ever was, with the most that was ever ordered of it.
  private func lines(of order: Order) -> [JSON] {
    order.everyLine.map { line, most in
      let current = order.shopifyCurrentQuantity(of: line)
      let listing = market.listings[line.listing]
      return [
        "id": .string("gid://shopify/LineItem/" + externalId(of: line)), "sku": .string(listing.sku),
        "title": .string(listing.title), "quantity": .integer(most), "currentQuantity": .integer(current),
        "variant": order.isRemoved(line) ? nil : ["id": ShopifyNumber.global("ProductVariant", listing.id)],
        "originalUnitPriceSet": money(line.price),
      ]
    }
  }

  /// What an edit took away comes back to stock; what was sent and came back does not.
  private func refunds(of order: Order) -> [JSON] {
    let isReturned = order.latest.stage == .returned
    var taken: [JSON] = []
    for (line, most) in order.everyLine {
      let id: JSON = ["id": .string("gid://shopify/LineItem/" + externalId(of: line))]
      let sold = order.latest.lines.first { $0.id == line.id }?.quantity ?? 0
      if most > sold {
        taken.append(["quantity": .integer(most - sold), "restockType": "CANCEL", "lineItem": id])
      }
      if isReturned, sold > 0 {
        taken.append(["quantity": .integer(sold), "restockType": "NO_RESTOCK", "lineItem": id])
      }
    }
    return taken.isEmpty ? [] : [["refundLineItems": ["nodes": .array(taken)]]]
  }

  private func customer(_ buyer: Buyer) -> JSON {
    [
      "id": .string("gid://shopify/Customer/\(buyer.id)"),
      "displayName": .string("\(buyer.firstName) \(buyer.lastName)"), "email": .string(buyer.email),
    ]
  }

  private func address(_ buyer: Buyer) -> JSON {
    [
      "name": .string("\(buyer.firstName) \(buyer.lastName)"), "address1": .string(buyer.street),
      "address2": nil, "city": .string(buyer.city), "zip": .string(buyer.postCode), "provinceCode": nil,
      "countryCodeV2": "PL", "phone": .string(buyer.phone), "company": nil,
    ]
  }

  private func parcel(of order: Order) -> JSON {
    let number = "JD0146\(order.number)"
    let isDelivered = order.latest.stage == .delivered || order.latest.stage == .returned
    return [
      "displayStatus": isDelivered ? "DELIVERED" : "IN_TRANSIT",
      "trackingInfo": [
        ["company": "DHL", "number": .string(number), "url": .string("https://dhl.example/\(number)")]
      ],
    ]
  }

  func money(_ hundredths: Int) -> JSON {
    let cents = hundredths % 100
    let amount = "\(hundredths / 100).\(cents < 10 ? "0" : "")\(cents)"
    return ["shopMoney": ["amount": .string(amount), "currencyCode": .string(currency)]]
  }
}

extension OrderVersion {
  fileprivate var shopifyFinancialStatus: String {
    if stage == .returned { return "REFUNDED" }
    if cancelledAt != nil { return paidAt == nil ? "VOIDED" : "REFUNDED" }
    return paidAt == nil ? "PENDING" : "PAID"
  }
}

extension Order {
  /// Every line that ever was, in the order they came, each with the most that was ever ordered of it.
  fileprivate var everyLine: [(line: Line, most: Int)] {
    var lines: [(line: Line, most: Int)] = []
    for version in versions {
      for line in version.lines {
        if let place = lines.firstIndex(where: { $0.line.id == line.id }) {
          lines[place].most = max(lines[place].most, line.quantity)
        } else {
          lines.append((line, line.quantity))
        }
      }
    }
    return lines
  }

  fileprivate func isRemoved(_ line: Line) -> Bool { !latest.lines.contains { $0.id == line.id } }

  /// Without what was cancelled or refunded.
  fileprivate func shopifyCurrentQuantity(of line: Line) -> Int {
    if latest.cancelledAt != nil || latest.stage == .returned { return 0 }
    return latest.lines.first { $0.id == line.id }?.quantity ?? 0
  }
}
