package import Events

/// What a template can name: `order.number`, `order.total`, `order.currency`, `buyer.name`, `shop`, `lines` with
/// `title`, `quantity` and `price`, `parcels` with `carrier`, `number` and `url`, `dispute.reason`. What is not
/// known is absent, so that a section around it vanishes.
package struct MessageValues {
  let members: [String: Any]

  /// `number` stands for the order's number where the order itself is not at hand.
  package init(order: Order?, number: String?, orderId: String, shop: String?, dispute: Dispute? = nil) {
    var members: [String: Any] = [:]
    members["order"] = Self.present([
      "number": order?.number ?? number ?? orderId, "id": orderId, "total": order?.total?.text,
      "currency": order?.currency,
    ])
    members["buyer"] = Self.present(["name": order?.buyer?.name])
    members["shop"] = shop
    members["lines"] = (order?.countedLines ?? []).map { line in
      Self.present([
        "title": line.title ?? line.sku ?? line.externalId, "quantity": "\(line.quantity)",
        "price": line.unitPrice?.text,
      ])
    }
    members["parcels"] = (order?.tracking ?? []).map { parcel in
      Self.present(["carrier": parcel.carrier, "number": parcel.number, "url": parcel.url])
    }
    if let dispute {
      members["dispute"] = Self.present(["id": dispute.externalId, "reason": dispute.reason])
    }
    self.members = members
  }

  private static func present(_ members: [String: String?]) -> [String: String] {
    members.compactMapValues { $0.flatMap { $0.isEmpty ? nil : $0 } }
  }
}
