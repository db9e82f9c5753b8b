package import JSON

/// What is really so, for comparison with what others believe.
extension Market {
  /// How many there are of what.
  package struct Summary: Equatable, Sendable {
    package var listings = 0
    package var stock = 0
    package var orders = 0
    package var aliveOrders = 0
    package var cancelledOrders = 0
    package var mergedOrders = 0
    package var versions = 0
    package var orderEvents = 0
    package var offerEvents = 0
    package var announcedEvents = 0
  }

  package var summary: Summary {
    var summary = Summary(listings: listings.count, stock: listings.reduce(0) { $0 + $1.stock })
    for order in orders {
      summary.versions += order.versions.count
      if order.mergedInto != nil {
        summary.mergedOrders += 1
        continue
      }
      summary.orders += 1
      if order.isAlive { summary.aliveOrders += 1 } else { summary.cancelledOrders += 1 }
    }
    summary.orderEvents = orderEvents.count
    summary.offerEvents = offerEvents.count
    summary.announcedEvents = orderEvents.announcedCount + offerEvents.announcedCount
    return summary
  }

  /// The first listing whose stock is not what its orders and adjustments make it; nil when all is well.
  package var inconsistency: String? {
    var taken = [Int](repeating: 0, count: listings.count)
    for order in orders where order.isAlive {
      for line in order.latest.lines { taken[line.listing] += line.quantity }
    }
    for (place, listing) in listings.enumerated() {
      let expected = listing.initialStock - taken[place] + listing.adjustment
      if listing.stock != expected || listing.stock < 0 {
        return "\(listing.sku): stock \(listing.stock), expected \(expected)"
      }
    }
    return nil
  }

  /// `{account, platform, listingId, sku, quantity, title, price, active}` of each listing, by the ids that `shop` gives them.
  package func writeStock(of shop: some Shop, into json: inout JSONWriter) {
    for listing in listings where !listing.isGone {
      json.beginObject()
      json.key("account")
      json.string(shop.name)
      json.key("platform")
      json.string(shop.platform)
      json.key("listingId")
      json.string(shop.externalId(of: listing))
      json.key("sku")
      json.string(listing.sku)
      json.key("quantity")
      json.integer(listing.stock)
      json.key("title")
      json.string(listing.title)
      json.key("price")
      json.decimal(hundredths: listing.price)
      json.key("active")
      json.bool(listing.isActive)
      json.endObject()
    }
  }

  /// `{account, platform, orderId, openedAt, told}` of each dispute, by the ids that `shop` gives them.
  package func writeDisputes(of shop: some Shop, into json: inout JSONWriter) {
    for dispute in disputes {
      json.beginObject()
      json.key("account")
      json.string(shop.name)
      json.key("platform")
      json.string(shop.platform)
      json.key("orderId")
      json.string(shop.externalId(of: orders[dispute.order]))
      json.key("openedAt")
      json.timestamp(dispute.openedAt)
      json.key("told")
      json.bool(dispute.isTold)
      json.endObject()
    }
  }

  /// Each order, those that were merged away too, by the ids that `shop` gives them.
  package func writeOrders(of shop: some Shop, into json: inout JSONWriter) {
    for order in orders {
      let latest = order.latest
      json.beginObject()
      json.key("account")
      json.string(shop.name)
      json.key("platform")
      json.string(shop.platform)
      json.key("externalId")
      json.string(shop.externalId(of: order))
      json.key("number")
      json.string(String(order.number))
      json.key("status")
      json.string(latest.truthStatus)
      json.key("cancelled")
      json.bool(latest.cancelledAt != nil)
      json.key("mergedInto")
      if let merged = order.mergedInto {
        json.string(shop.externalId(of: orders[merged]))
      } else {
        json.null()
      }
      json.key("total")
      json.decimal(hundredths: latest.total)
      json.key("currency")
      json.string(shop.currency)
      json.key("placedAt")
      json.timestamp(order.placedAt)
      json.key("updatedAt")
      json.timestamp(latest.updatedAt)
      json.key("lines")
      json.beginArray()
      for line in latest.lines {
        json.beginObject()
        json.key("externalId")
        json.string(shop.externalId(of: line, in: order))
        json.key("listingId")
        json.string(shop.externalId(of: listings[line.listing]))
        json.key("sku")
        json.string(listings[line.listing].sku)
        json.key("quantity")
        json.integer(line.quantity)
        json.endObject()
      }
      json.endArray()
      json.endObject()
    }
  }
}

extension OrderVersion {
  /// The stage in the words of the normalised event.
  var truthStatus: String {
    switch stage {
    case .placed, .filledIn: "new"
    case .paid: "paid"
    case .sent: "shipped"
    case .delivered: "fulfilled"
    case .returned: "refunded"
    case .cancelled: "cancelled"
    }
  }
}
