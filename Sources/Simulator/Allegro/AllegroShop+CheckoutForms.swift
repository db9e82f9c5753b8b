import JSON
import Time

/// The orders as the seller lists and opens them.
extension AllegroShop {
  func checkoutForms(_ request: Request, at now: Timestamp) -> Response {
    guard let query = orderQuery(request.query) else { return error(422, of: request, at: now) }
    guard query.offset + query.limit <= AllegroAPI.deepestForm else {
      return error(
        422, of: request, at: now,
        message: "Offset and limit parameters exceed maximal result size of 10000 items")
    }
    let statuses = request.query.all("status")
    let fulfillments = request.query.all("fulfillment.status")
    let (page, total) = market.orders(query) { order in
      (statuses.isEmpty || statuses.contains(order.latest.formStatus))
        && (fulfillments.isEmpty || fulfillments.contains(order.latest.fulfillmentStatus))
    }
    var json = JSONWriter(capacity: 256 + page.count * 1536)
    json.beginObject()
    json.key("checkoutForms")
    json.beginArray()
    for order in page { market.writeCheckoutForm(order, into: &json) }
    json.endArray()
    json.key("count")
    json.integer(page.count)
    json.key("totalCount")
    json.integer(total)
    json.endObject()
    return reply(json, at: now)
  }

  func checkoutForm(_ request: Request, at now: Timestamp) -> Response {
    guard let order = presentOrder(request.path[2]) else { return error(404, of: request, at: now) }
    var json = JSONWriter(capacity: 2048)
    market.writeCheckoutForm(order, into: &json)
    return reply(json, at: now)
  }

  func shipments(_ request: Request, at now: Timestamp) -> Response {
    guard let order = presentOrder(request.path[2]) else { return error(404, of: request, at: now) }
    var json = JSONWriter()
    market.writeShipments(order, into: &json)
    return reply(json, at: now)
  }

  /// An order that is there; those that were merged away are not.
  private func presentOrder(_ id: String) -> Int? {
    guard let id = Identifier(id), let order = market.orderIds[id], market.orders[order].mergedInto == nil
    else { return nil }
    return order
  }

  /// Nil when a parameter is not allowed.
  private func orderQuery(_ parameters: Query) -> OrderQuery? {
    guard let offset = Int(parameters["offset"] ?? "0"), (0...1_000_000).contains(offset),
      let limit = Int(parameters["limit"] ?? "100"), (1...AllegroAPI.largestFormPage).contains(limit)
    else { return nil }
    var query = OrderQuery(offset: offset, limit: limit)
    switch parameters["sort"] ?? "-lineItems.boughtAt" {
    case "lineItems.boughtAt": (query.sortedBy, query.descending) = (.bought, false)
    case "-lineItems.boughtAt": (query.sortedBy, query.descending) = (.bought, true)
    case "updatedAt": (query.sortedBy, query.descending) = (.updated, false)
    case "-updatedAt": (query.sortedBy, query.descending) = (.updated, true)
    default: return nil
    }
    var isReadable = true
    func time(_ name: String) -> Timestamp? {
      guard let text = parameters[name] else { return nil }
      let time = Timestamp(text)
      isReadable = isReadable && time != nil
      return time
    }
    query.updatedFrom = time("updatedAt.gte")
    query.updatedTo = time("updatedAt.lte")
    query.boughtFrom = time("lineItems.boughtAt.gte")
    query.boughtTo = time("lineItems.boughtAt.lte")
    return isReadable ? query : nil
  }
}
