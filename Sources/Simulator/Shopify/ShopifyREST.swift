import JSON
import Time

/// What GraphQL shows, in the words of the REST resources that webhooks carry.
enum ShopifyREST {
  static func order(_ node: JSON) -> JSON {
    let parcels = node["fulfillments"].array.map { parcel -> JSON in
      let tracking = parcel["trackingInfo"][0]
      return [
        "status": "success",
        "shipment_status": parcel["displayStatus"] == "DELIVERED" ? "delivered" : nil,
        "tracking_company": tracking["company"], "tracking_number": tracking["number"],
        "tracking_numbers": [tracking["number"]], "tracking_urls": [tracking["url"]],
      ]
    }
    return [
      "id": number(node["id"]), "admin_graphql_api_id": node["id"], "name": node["name"],
      "test": node["test"],
      "created_at": node["createdAt"], "updated_at": node["updatedAt"],
      "cancelled_at": node["cancelledAt"],
      "financial_status": .text(node["displayFinancialStatus"].text?.lowercased()),
      "fulfillment_status": node["displayFulfillmentStatus"] == "FULFILLED" ? "fulfilled" : nil,
      "currency": node["currencyCode"], "email": node["email"],
      "total_price": amount(node["totalPriceSet"]), "total_tax": amount(node["totalTaxSet"]),
      "shipping_lines": [["title": "Standard", "price": amount(node["totalShippingPriceSet"])]],
      "customer": [
        "id": number(node["customer"]["id"]), "email": node["customer"]["email"],
        "first_name": node["customer"]["displayName"],
      ],
      "shipping_address": node["shippingAddress"].isNull
        ? nil
        : [
          "name": node["shippingAddress"]["name"], "city": node["shippingAddress"]["city"],
          "zip": node["shippingAddress"]["zip"],
        ],
      "line_items": .array(node["lineItems"]["nodes"].array.map(line)),
      "fulfillments": .array(parcels),
      "refunds": .array(node["refunds"].array.map(refund)),
    ]
  }

  private static func line(_ node: JSON) -> JSON {
    [
      "id": number(node["id"]),
      "variant_id": node["variant"].isNull ? nil : number(node["variant"]["id"]),
      "sku": node["sku"], "title": node["title"], "quantity": node["quantity"],
      "current_quantity": node["currentQuantity"], "price": amount(node["originalUnitPriceSet"]),
    ]
  }

  private static func refund(_ node: JSON) -> JSON {
    let lines = node["refundLineItems"]["nodes"].array.map { line -> JSON in
      [
        "line_item_id": number(line["lineItem"]["id"]), "quantity": line["quantity"],
        "restock_type": .text(line["restockType"].text?.lowercased()),
      ]
    }
    return ["refund_line_items": .array(lines)]
  }

  static func product(_ variant: JSON, at moment: Timestamp) -> JSON {
    [
      "id": number(variant["product"]["id"]), "title": variant["product"]["title"],
      "body_html": variant["product"]["descriptionHtml"],
      "status": .text(variant["product"]["status"].text?.lowercased()), "updated_at": .time(moment),
      "variants": [
        [
          "id": number(variant["id"]), "sku": variant["sku"], "price": variant["price"],
          "barcode": nil,
          "inventory_item_id": number(variant["inventoryItem"]["id"]),
        ]
      ],
    ]
  }

  /// One for each location.
  static func levels(_ variant: JSON, at moment: Timestamp) -> [JSON] {
    variant["inventoryItem"]["inventoryLevels"]["nodes"].array.map { level in
      [
        "inventory_item_id": number(variant["inventoryItem"]["id"]),
        "location_id": number(level["location"]["id"]),
        "available": level["quantities"][0]["quantity"], "updated_at": .time(moment),
      ]
    }
  }

  private static func number(_ id: JSON) -> JSON {
    id.text?.split(separator: "/").last.map { .number(String($0)) } ?? nil
  }

  private static func amount(_ set: JSON) -> JSON { set["shopMoney"]["amount"] }
}
