import Allegro
import Events
import JSON
import Marketplaces
import NIOConcurrencyHelpers
import Testing
import Time

/// A list of checkout forms that filters, sorts and cuts as Allegro does.
final class FormList: MarketplaceTransport {
  let forms: [JSON]
  let calls = NIOLockedValueBox(0)

  init(_ forms: [JSON]) {
    self.forms = forms
  }

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    calls.withLockedValue { $0 += 1 }
    let query = Dictionary(call.query.map { ($0.name, $0.value) }) { $1 }
    let key = query["sort"] ?? ""
    let from = query[key + ".gte"].flatMap { Timestamp($0) } ?? .epoch
    let to = query[key + ".lte"].flatMap { Timestamp($0) } ?? .epoch
    func time(_ form: JSON) -> Timestamp {
      let bought = form["lineItems"].array.compactMap { $0["boughtAt"].timestamp }.max()
      return (key == "updatedAt" ? form["updatedAt"].timestamp : bought) ?? .epoch
    }
    let found = forms.filter { time($0) >= from && time($0) <= to }
      .sorted { (time($0), $0["id"].text ?? "") < (time($1), $1["id"].text ?? "") }
      .dropFirst(Int(query["offset"] ?? "") ?? 0).prefix(Int(query["limit"] ?? "") ?? 0)
    let body: JSON = ["checkoutForms": .array(Array(found))]
    return MarketplaceAnswer(status: 200, headers: ["date": ScriptedAllegro.date], body: body.bytes)
  }
}

@Suite struct OrderWindowTests {
  let window = FeedRequest.Window(
    from: Timestamp("2026-01-01T00:00:00Z") ?? .epoch, to: Timestamp("2026-01-01T23:00:00Z") ?? .epoch)

  func walk(_ list: FormList, limit: Int) async throws -> [FeedItem] {
    let adapter = AllegroAdapter(
      connection: .test(.live),
      client: MarketplaceClient(
        transport: list, authorisation: FixedAuthorisation(.init(name: "authorization", value: "t"))))
    var items: [FeedItem] = []
    var cursor: String?
    for _ in 1...200 {
      let page = try await adapter.page(
        FeedRequest(feed: .orders, cursor: cursor, window: window, limit: limit))
      items += page.items
      if page.isLast { return items }
      cursor = page.nextCursor
    }
    Issue.record("the walk does not end")
    return items
  }

  @Test(arguments: [1, 2, 3, 5, 100])
  func `every order of the window is seen, also where many share a moment across a page's end`(
    limit: Int
  ) async throws {
    let minutes = [1, 2, 2, 2, 2, 2, 2, 3, 4, 4, 4, 59]
    let forms = minutes.enumerated().map { index, minute in
      form("f-\(index)", updatedAt: "2026-01-01T12:\(minute < 10 ? "0" : "")\(minute):00.000Z")
    }
    let items = try await walk(FormList(forms), limit: limit)
    let orders = items.compactMap { $0.event?.order?.externalId }
    #expect(Set(orders).count == forms.count)
    #expect(Set(items.map(\.raw.id)).count == forms.count)
  }

  @Test func `an order that was bought in the window is seen though its updatedAt lies outside`() async throws
  {
    let still = form("f", status: "CANCELLED", updatedAt: "2025-12-01T00:00:00Z")
    let items = try await walk(FormList([still]), limit: 10)
    #expect(items.count == 1)
    guard case .event(let event)? = items.first?.meaning else {
      Issue.record("no event")
      return
    }
    #expect(event.type == .orderCancelled)
  }

  @Test func `the id of a listed order changes with its content, though updatedAt stays`() async throws {
    let before = try await walk(FormList([form("f")]), limit: 10)
    let after = try await walk(FormList([form("f", status: "CANCELLED")]), limit: 10)
    #expect(Set(before.map(\.raw.id)).count == 1)
    #expect(before.first?.raw.id != after.first?.raw.id)
    #expect(before.first?.raw.id.hasPrefix("order/f@2026-01-01T12:00:05.123Z#") == true)
    #expect(before.first?.raw.occurredAt == after.first?.raw.occurredAt)
  }

  @Test func `a place that is none is refused`() async throws {
    for cursor in ["", "updated|x|0", "bought|2026-01-01T00:00:00Z|-1", "sold|2026-01-01T00:00:00Z|0"] {
      await #expect(throws: MarketplaceError.self) {
        try await ScriptedAllegro(["/order/checkout-forms": ["checkoutForms": []]]).adapter(.live)
          .page(FeedRequest(feed: .orders, cursor: cursor, window: window, limit: 1))
      }
    }
  }
}
