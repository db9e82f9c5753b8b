import Events
import JSON
import Marketplaces
import Shopify
import Testing
import Time

@Suite struct WebhookTests {
  let reader = ShopifyWebhookReader()

  static let orderBody = """
    {"id":820982911946154508,"name":"#1001","created_at":"2026-01-01T13:00:00+01:00",\
    "updated_at":"2026-01-01T13:00:01+01:00","cancelled_at":null,"financial_status":"paid",\
    "fulfillment_status":null,"test":false,"currency":"EUR","total_price":"123.45","total_tax":"0.00",\
    "email":"b@example.com","customer":null,"shipping_address":null,"shipping_lines":[{"price":"9.99"}],\
    "fulfillments":[],"refunds":[],"line_items":[{"id":11,"variant_id":39072856,"sku":"S-1","title":"Lamp",\
    "quantity":2,"current_quantity":2,"price":"56.73"}]}
    """

  @Test func `the signature of the raw bytes counts, whatever they mean (18)`() {
    let bodies = [#"{"a":"\u0026"}"#, #"{"a":"\/"}"#, "{\"a\":\"\u{2028}👕\"}", #"{ "b":1, "a":1.0 }"#]
    for body in bodies {
      let request = webhook("products/update", body)
      #expect(reader.isGenuine(request, keys: WebhookKeys(secrets: ["hush"], url: "")))
      var changed = request
      changed.body = (try? JSON.parse(request.body))?.bytes ?? []
      #expect(
        changed.body == request.body
          || !reader.isGenuine(changed, keys: WebhookKeys(secrets: ["hush"], url: "")))
    }
  }

  @Test func `either of two secrets is good while they are rotated, and no other`() {
    let request = webhook("orders/create", Self.orderBody, secret: "old")
    #expect(reader.isGenuine(request, keys: WebhookKeys(secrets: ["new", "old"], url: "")))
    #expect(!reader.isGenuine(request, keys: WebhookKeys(secrets: ["new"], url: "")))
    #expect(!reader.isGenuine(request, keys: WebhookKeys(secrets: [], url: "")))
  }

  @Test(arguments: [
    nil, "", "wronghash", "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKIthissignatureisnowwaytoolong=",
  ])
  func `a signature of another kind is none`(signature: String?) {
    var request = webhook("orders/create", Self.orderBody)
    request.headers["x-shopify-hmac-sha256"] = signature
    #expect(!reader.isGenuine(request, keys: WebhookKeys(secrets: ["hush"], url: "")))
  }

  @Test(arguments: [
    ("orders/create", EventType.orderCreated, "created"), ("orders/updated", .orderUpdated, "updated"),
    ("orders/paid", .paymentReceived, "paid"), ("orders/fulfilled", .orderShipped, "sent"),
    ("orders/cancelled", .orderCancelled, "cancelled"),
  ])
  func `a webhook of an order carries it whole`(topic: String, type: EventType, change: String) throws {
    let event = try #require(try item(of: webhook(topic, Self.orderBody))?.event)
    #expect(event.type == type && event.change == change)
    #expect(event.id == "shopify:6f1c0000-0000-4000-8000-000000000002:e-1")
    #expect(event.time == at("12:00:01") && event.observedAt == Timestamp("2026-01-01T12:00:01.5Z"))
    let order = try #require(event.order)
    #expect(order.externalId == "820982911946154508" && order.status == .paid && order.eligible)
    #expect(
      order.placedAt == at("12:00:00") && order.total == Money("123.45") && order.shipping == Money("9.99"))
    #expect(
      order.lines == [
        OrderLine(
          externalId: "11", listingId: "39072856", sku: "S-1", title: "Lamp", quantity: 2,
          unitPrice: Money("56.73"))
      ])
  }

  @Test func `the same order by webhook and by poll books the same lines`() async throws {
    let polled = order { $0["lineItems"]["nodes"] = [line("11")] }
    let shop = ScriptedShopify(["Orders": [page("orders", [polled])]])
    let one = try #require(try await shop.orders().events.first?.order?.lines?.first)
    let other = try #require(
      try item(of: webhook("orders/updated", Self.orderBody))?.event?.order?.lines?.first)
    #expect(
      one.externalId == other.externalId && one.listingId == other.listingId && one.quantity == other.quantity
    )
  }

  @Test func `a refund with restock, then a cancellation: what stays sold falls once (21)`() throws {
    func order(_ rest: String) throws -> Order? {
      let body = """
        {"id":1,"updated_at":"2026-01-01T12:00:01Z","financial_status":"refunded",\
        "refunds":[{"refund_line_items":[{"line_item_id":11,"quantity":1,"restock_type":"return"},\
        {"line_item_id":12,"quantity":1,"restock_type":"no_restock"}]}],\(rest)}
        """
      return try item(of: webhook("orders/updated", body))?.event?.order
    }
    let older = try order(
      #""cancelled_at":null,"line_items":[{"id":11,"quantity":2},{"id":12,"quantity":1}]"#)
    let newer = try order(
      #""cancelled_at":null,"line_items":[{"id":11,"quantity":2,"current_quantity":1},{"id":12,"quantity":1,"current_quantity":0}]"#
    )
    #expect(older?.lines?.map(\.quantity) == [1, 1] && newer?.lines?.map(\.quantity) == [1, 1])
    let cancelled = try order(
      #""cancelled_at":"2026-01-01T12:00:01Z","line_items":[{"id":11,"quantity":2,"current_quantity":0}]"#)
    #expect(cancelled?.status == .cancelled && cancelled?.isCancelled == true)
  }

  @Test func `a webhook a day late is what it was when it was sent (22)`() throws {
    let late = WebhookRequest(
      headers: webhook("orders/create", Self.orderBody).headers, body: Array(Self.orderBody.utf8),
      receivedAt: Timestamp("2026-01-02T12:00:00Z") ?? .epoch)
    #expect(try item(of: late)?.event?.observedAt == Timestamp("2026-01-01T12:00:01.5Z"))
  }

  @Test func `a replayed webhook has the same id, with and without the header (25)`() throws {
    let one = try item(of: webhook("orders/create", Self.orderBody, eventId: nil))
    let two = try item(of: webhook("orders/create", Self.orderBody, eventId: nil, receivedAt: "13:00:00"))
    #expect(one?.raw.id == two?.raw.id && one?.raw.id.isEmpty == false)
    let other = try item(of: webhook("orders/updated", Self.orderBody, eventId: nil))
    #expect(one?.raw.id != other?.raw.id)
  }

  @Test func `null objects, NUL and lone surrogates break nothing (14, 23)`() throws {
    let body =
      #"{"id":1,"customer":null,"line_items":[{"id":2,"variant_id":null,"sku":"a\u0000b","title":"\ud83d"}],"refunds":null}"#
    let order = try item(of: webhook("orders/create", body))?.event?.order
    #expect(order?.lines?.first?.quantity == 1 && order?.lines?.first?.listingId == nil)
    #expect(order?.financialStatus == nil && order?.eligible == true)
  }

  @Test func `a product is told with its variants, which are the listings`() throws {
    let body = """
      {"id":632910392,"title":"Lamp","body_html":"<p>x</p>","status":"active","updated_at":"2026-01-01T12:00:00Z",\
      "variants":[{"id":808950810,"sku":"S-1","barcode":null,"price":"199.00","inventory_item_id":5}]}
      """
    let event = try #require(try item(of: webhook("products/update", body))?.event)
    #expect(event.type == .productUpdated && event.time == at("12:00:00"))
    #expect(
      event.product?.variants?.first == .init(externalId: "808950810", sku: "S-1", price: Money("199.00")))
    let gone = try #require(try item(of: webhook("products/delete", #"{"id":632910392}"#))?.event)
    #expect(gone.type == .productDeleted && gone.product?.externalId == "632910392")
  }

  @Test(arguments: [
    #"{"inventory_item_id":808950810123456789,"location_id":1,"available":null}"#,
    #"{"inventory_item_id":808950810123456789,"location_id":1,"available":3}"#,
  ])
  func `a level of one location makes the whole listing be read, null or not (14)`(body: String) throws {
    let reading = try reader.read(webhook("inventory_levels/update", body), for: .shop, filter: .standard)
    guard case .fetch(let raw, let subjects) = reading else {
      Issue.record("it is not fetched")
      return
    }
    #expect(
      subjects == [.listing("gid://shopify/InventoryItem/808950810123456789")]
        && raw.type == "inventory_levels/update")
  }

  @Test func `a refund makes its order be read`() throws {
    let reading = try reader.read(
      webhook("refunds/create", #"{"id":1,"order_id":450789469}"#), for: .shop, filter: .standard)
    guard case .fetch(_, [.order("450789469")]) = reading else {
      Issue.record("it is not fetched")
      return
    }
  }

  @Test func `a dispute names its order and its reason`() throws {
    let body =
      #"{"id":285332461850802063,"order_id":820982911946154508,"reason":"fraudulent","initiated_at":"2026-01-01T11:00:00Z"}"#
    let event = try #require(try item(of: webhook("disputes/create", body))?.event)
    #expect(event.type == .disputeInitiated && event.dispute?.orderId == "820982911946154508")
    #expect(event.dispute?.openedAt == at("11:00:00") && event.dispute?.reason == "fraudulent")
  }

  @Test(arguments: [
    ("needs_response", true), ("under_review", true), ("won", false), ("lost", false), ("accepted", false),
    ("charge_refunded", false),
  ])
  func `a change of a dispute opens it where its opening was lost, unless it is over`(
    status: String, opens: Bool
  ) throws {
    let body =
      #"{"id":1,"order_id":2,"status":"\#(status)","reason":"fraudulent","initiated_at":"2026-01-01T11:00:00Z"}"#
    let item = try #require(try item(of: webhook("disputes/update", body)))
    #expect((item.event != nil) == opens && item.raw.type == "disputes/update")
    guard let event = item.event else { return }
    #expect(event.type == .disputeInitiated && event.dispute?.externalId == "1")
    #expect(event.dispute?.openedAt == at("11:00:00") && event.time == Timestamp("2026-01-01T12:00:01.5Z"))
  }

  @Test(arguments: [
    "customers/data_request", "customers/redact", "shop/redact", "app/uninstalled", "themes/publish",
  ])
  func `what makes no event is kept under its own name`(topic: String) throws {
    let kept = try #require(try item(of: webhook(topic, #"{"shop_id":1}"#)))
    #expect(kept.raw.type == topic && kept.event == nil)
  }

  @Test func `a body that is no JSON is refused (24)`() {
    #expect(throws: MarketplaceError.self) {
      try reader.read(webhook("orders/create", "<html>"), for: .shop, filter: .standard)
    }
  }
}
