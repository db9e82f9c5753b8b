import Events
import JSON
import Marketplaces
import Testing
import Time

/// What every adapter must do against its side of the simulator. A new marketplace is a line in `Conformity.adapters`.
@Suite struct ConformanceTests {
  @Test(arguments: Conformity.accounts)
  func `credentials are checked`(account: String) async throws {
    try await Bench.with(account, trades: false) { bench in
      try await bench.adapter.check()
      let stranger = try await bench.adapter(secrets: bench.wrongSecrets)
      do {
        try await stranger.check()
        Issue.record("wrong credentials pass")
      } catch let error as MarketplaceError {
        #expect(error.errorClass == .unauthorised)
        #expect(!error.description.contains("wrong-token"))
      }
    }
  }

  @Test(arguments: Conformity.accounts)
  func `each feed says the same in large pages and in tiny ones, and it is the truth`(
    account: String
  ) async throws {
    try await Bench.with(account) { bench in
      let stock = try await bench.trueStock()
      let truth = try await bench.control(.get, "/truth/orders").array
      let orders = truth.filter { $0["mergedInto"].isNull }
      for feed in bench.adapter.features.feeds.sorted(by: { $0.rawValue < $1.rawValue }) {
        guard let large = try await Walk.through(feed, of: bench, limit: 100),
          let tiny = try await Walk.through(feed, of: bench, limit: 3)
        else { continue }
        for failure in (large.items + tiny.items).compactMap(\.failure) {
          Issue.record("\(feed): \(failure)")
        }
        switch feed {
        case .orders, .orderEvents:
          #expect(orders.count >= 20)
          for order in orders {
            let id = order["externalId"].text ?? ""
            for walk in [large, tiny] {
              #expect(
                walk.orders[id].map(PlainOrder.init) == PlainOrder(truth: order), "\(feed): order \(id)")
            }
          }
        case .listings:
          for walk in [large, tiny] {
            #expect(walk.listings.count == stock.count)
            for listing in walk.listings { #expect(listing.quantity == stock[listing.sku ?? ""]) }
          }
        case .offerEvents:
          for walk in [large, tiny] {
            let told = walk.events.compactMap(\.inventory).filter { stock[$0.sku ?? ""] != nil }
            let last = told.reduce(into: [String: Inventory]()) { last, inventory in
              let id = inventory.sku ?? ""
              if last[id].map({ $0.asOf <= inventory.asOf }) ?? true { last[id] = inventory }
            }
            #expect(!last.isEmpty)
            for (id, inventory) in last { #expect(inventory.quantity == stock[id], "\(feed): listing \(id)") }
          }
        case .disputes:
          #expect(Set(large.items.map(\.raw.id)) == Set(tiny.items.map(\.raw.id)))
          let disputed = try await bench.control(.get, "/truth/disputes").array
          let named = large.events.compactMap { event -> String? in
            guard case .dispute(let dispute, _) = event.subjectData else { return nil }
            return dispute.orderId
          }
          #expect(Set(named) == Set(disputed.compactMap { $0["externalId"].text }))
        }
      }
    }
  }

  @Test(arguments: Conformity.accounts)
  func `a stock write is the truth afterwards, and one that can't be is refused`(account: String) async throws
  {
    try await Bench.with(account) { bench in
      let listed = try #require(try await Walk.through(.listings, of: bench, limit: 100)?.listings.first)
      let (adapter, id, sku) = (bench.adapter, listed.externalId, try #require(listed.sku))
      let present = try #require(try await bench.trueStock()[sku])
      guard adapter.features.stockWrite != .none else {
        await #expect(throws: MarketplaceError.self) {
          try await adapter.setQuantity(of: id, to: 7, replacing: nil, idempotencyKey: "k")
        }
        return
      }
      let read = try await adapter.listing(id)
      #expect(read.listing.quantity == present && read.listing.externalId == id)
      let written = try await adapter.setQuantity(of: id, to: 777, replacing: present, idempotencyKey: "k-1")
      #expect(written.quantity == 777)
      #expect(try await bench.trueStock()[sku] == 777)
      _ = try await adapter.setQuantity(of: id, to: 0, replacing: 777, idempotencyKey: "k-2")
      #expect(try await bench.trueStock()[sku] == 0)
      if adapter.features.stockWrite == .compareAndSet {
        do {
          _ = try await adapter.setQuantity(of: id, to: 5, replacing: 777, idempotencyKey: "k-3")
          Issue.record("it replaced what it did not expect")
        } catch let error as MarketplaceError {
          #expect(error.errorClass == .conflict)
        }
        #expect(try await bench.trueStock()[sku] == 0)
      }
      await expect(.notFound) { _ = try await adapter.listing("99999999999999") }
    }
  }

  @Test(arguments: Conformity.accounts)
  func `what a marketplace can't do is said, and what it says it can do it does`(account: String) async throws
  {
    try await Bench.with(account) { bench in
      let (adapter, features) = (bench.adapter, bench.adapter.features)
      for feed in Feed.allCases where !features.feeds.contains(feed) {
        await expect(.unsupported) { _ = try await adapter.page(FeedRequest(feed: feed, limit: 10)) }
      }
      try await readsOrders(bench)
      try await registersWebhooks(adapter)
    }
  }

  @Test(arguments: Conformity.accounts)
  func `a message reaches the buyer once, also when nobody knows whether the first attempt did`(
    account: String
  ) async throws {
    try await Bench.with(account) { bench in
      let adapter = bench.adapter
      #expect(adapter.features.messages == bench.connection.platform.takesMessages)
      guard adapter.features.messages else {
        return await expect(.unsupported) {
          try await adapter.send(BuyerMessage(orderId: "1", text: "Hello"))
        }
      }
      let orders = try await bench.control(.get, "/truth/orders").array.filter { $0["mergedInto"].isNull }
      let (started, order) = (Timestamp.now(), try #require(orders.first?["externalId"].text))
      let (thanks, news) = ("Thank you, \"Żak\" 👕", "It is on its way.")
      // The first attempt of all never arrived, and an earlier message is no proof that it did.
      try await adapter.send(BuyerMessage(orderId: order, text: thanks, triedAt: started))
      try await adapter.send(BuyerMessage(orderId: order, text: thanks, triedAt: started))
      try await adapter.send(BuyerMessage(orderId: order, text: news, triedAt: started))
      for number in 0..<25 {
        let other = orders[number % orders.count]["externalId"].text ?? ""
        try await bench.patiently { try await $0.send(BuyerMessage(orderId: other, text: "No. \(number)")) }
      }
      try await adapter.send(BuyerMessage(orderId: order, text: thanks, triedAt: started))
      try await adapter.send(
        BuyerMessage(orderId: order, text: String(repeating: "ł", count: 1_990) + "end, and no more"))
      let letters = try await bench.control(.get, "/truth/messages").array.compactMap { $0["text"].text }
      #expect(letters.count { $0 == thanks } == 1)
      #expect(letters.count { $0 == news } == 1)
      #expect(letters.count == 28)
      await expect(.notFound) {
        try await adapter.send(BuyerMessage(orderId: "820982911946154508", text: "Hello"))
      }
    }
  }

  private func readsOrders(_ bench: Bench) async throws {
    let adapter = bench.adapter
    guard adapter.features.readsOrders else {
      return await expect(.unsupported) { _ = try await adapter.order("1") }
    }
    let truth = try #require(try await bench.control(.get, "/truth/orders").array.first)
    let item = try await adapter.order(truth["externalId"].text ?? "")
    #expect(item.event?.order.map(PlainOrder.init) == PlainOrder(truth: truth))
    await expect(.notFound) { _ = try await adapter.order("820982911946154508") }
  }

  private func registersWebhooks(_ adapter: any MarketplaceAdapter) async throws {
    guard let topic = adapter.features.webhookTopics.first else {
      return await expect(.unsupported) { _ = try await adapter.webhooks() }
    }
    let url = "https://example.com/webhook/1"
    for _ in 1...2 { try await adapter.subscribe(to: topic, url: url) }
    let ours = try await adapter.webhooks().filter { $0.url == url }
    #expect(ours.map(\.topic) == [topic])
    for _ in 1...2 { for webhook in ours { try await adapter.unsubscribe(webhook) } }
    #expect(try await adapter.webhooks().isEmpty)
  }
}

/// Expects an error of that class.
func expect(_ errorClass: ErrorClass, _ body: () async throws -> Void) async {
  do {
    try await body()
    Issue.record("it should have been refused as \(errorClass)")
  } catch let error as MarketplaceError {
    #expect(error.errorClass == errorClass, "\(error)")
  } catch {
    Issue.record(error)
  }
}
