import JSON
import Simulator
import Testing
import Time

@Suite struct AllegroFormTests {
  @Test(arguments: ["updatedAt", "-updatedAt", "lineItems.boughtAt", "-lineItems.boughtAt"])
  func `the listing walked by offset is the truth`(sort: String) throws {
    var client = AllegroClient(.live)
    client.wait(.seconds(60))
    client.stop()
    var forms: [JSON] = []
    while true {
      let page = client.get("/order/checkout-forms?limit=97&offset=\(forms.count)&sort=\(sort)").json
      forms += page["checkoutForms"].array
      #expect(page["count"].integer == Int64(page["checkoutForms"].array.count))
      if page["totalCount"].integer == Int64(forms.count) { break }
      try #require(!page["checkoutForms"].array.isEmpty)
    }
    let present = try client.truth("orders").filter { $0["mergedInto"].isNull }
    let truth = Dictionary(uniqueKeysWithValues: present.map { ($0["externalId"], $0) })
    #expect(forms.count == truth.count)
    for form in forms {
      let order = truth[form["id"]] ?? .null
      #expect((form["status"] == "CANCELLED") == order["cancelled"].bool)
      #expect(form["summary"]["totalToPay"]["amount"] == order["total"])
      #expect(form["lineItems"].array.map { $0["quantity"] } == order["lines"].array.map { $0["quantity"] })
    }
    let keys = forms.compactMap { form in
      sort.hasSuffix("updatedAt")
        ? form["updatedAt"].timestamp : form["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.max()
    }
    #expect(keys.count == forms.count && keys == (sort.hasPrefix("-") ? keys.sorted(by: >) : keys.sorted()))
  }

  @Test func `filters narrow, and their ends belong to them`() throws {
    var client = AllegroClient(.live)
    client.wait(.seconds(40))
    client.stop()
    let all = client.get("/order/checkout-forms?limit=100&sort=updatedAt").json["checkoutForms"].array
    let (low, high) = (all[20]["updatedAt"].text ?? "", all[60]["updatedAt"].text ?? "")
    let window = "updatedAt.gte=\(low)&updatedAt.lte=\(high)"
    let inside = client.get("/order/checkout-forms?sort=updatedAt&\(window)").json["checkoutForms"].array
    #expect(inside == Array(all[20...60]))
    let otherwise = client.get("/order/checkout-forms?\(window)").json["checkoutForms"].array
    #expect(Set(otherwise) == Set(inside))
    for status in ["BOUGHT", "FILLED_IN", "READY_FOR_PROCESSING", "CANCELLED"] {
      let forms = client.get("/order/checkout-forms?status=\(status)").json["checkoutForms"].array
      #expect(!forms.isEmpty && forms.allSatisfy { $0["status"].text == status })
    }
    let sent = client.get("/order/checkout-forms?fulfillment.status=SENT").json["checkoutForms"].array
    #expect(!sent.isEmpty && sent.allSatisfy { $0["fulfillment"]["status"] == "SENT" })
    let bought = "lineItems.boughtAt.gte=\(low)&lineItems.boughtAt.lte=\(high)"
    for form in client.get("/order/checkout-forms?\(bought)").json["checkoutForms"].array {
      let moment = try #require(form["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.max())
      let (from, to) = (try #require(Timestamp(low)), try #require(Timestamp(high)))
      #expect(moment >= from && moment <= to)
    }
  }

  @Test(arguments: [
    "limit=101", "limit=0", "offset=-1", "offset=9999&limit=2", "sort=price", "updatedAt.gte=yesterday",
  ])
  func `what the listing does not allow is 422`(query: String) {
    var client = AllegroClient(.live)
    #expect(client.get("/order/checkout-forms?" + query).status == 422)
  }

  @Test func `a form answers under its id until it is merged away`() throws {
    var client = AllegroClient(.documented)
    client.wait(.seconds(60))
    client.stop()
    let orders = try client.truth("orders")
    #expect(orders.contains { !$0["mergedInto"].isNull })
    for order in orders {
      let answer = client.get("/order/checkout-forms/\(order["externalId"].text ?? "")")
      #expect(answer.status == (order["mergedInto"].isNull ? 200 : 404))
    }
    #expect(client.get("/order/checkout-forms/nonsense").status == 404)
  }

  @Test func `before the buyer has filled it in, a form has no delivery, and no end of payment`() {
    var client = AllegroClient(.live)
    client.wait(.seconds(20))
    let forms = client.get("/order/checkout-forms?status=BOUGHT").json["checkoutForms"].array
    #expect(!forms.isEmpty)
    #expect(forms.allSatisfy { $0["delivery"].isNull && $0["payment"]["finishedAt"].isNull })
    let paid = client.get("/order/checkout-forms?status=READY_FOR_PROCESSING").json["checkoutForms"].array
    #expect(
      paid.allSatisfy { $0["delivery"]["address"]["city"].text != nil && !$0["payment"]["finishedAt"].isNull }
    )
  }

  @Test func `a sent order has a shipment with a number to follow`() throws {
    var client = AllegroClient(.live)
    client.wait(.seconds(40))
    for status in ["SENT", "NEW"] {
      let form = client.get("/order/checkout-forms?limit=1&fulfillment.status=\(status)").json[
        "checkoutForms"][0]
      let id = try #require(form["id"].text)
      let shipments = client.get("/order/checkout-forms/\(id)/shipments").json["shipments"].array
      #expect(shipments.count == (status == "SENT" ? 1 : 0))
      #expect(shipments.allSatisfy { $0["waybill"].text?.isEmpty == false })
    }
  }
}
