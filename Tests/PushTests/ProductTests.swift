import Events
import JSON
import Lane
import Marketplaces
import NIOConcurrencyHelpers
import Push
import Testing

/// Products of one connection at the owner's others.
@Suite struct ProductTests {
  static let rules: JSON = ["propagateCreates": true, "propagateUpdates": true, "propagateDeletes": true]

  private func says(_ seller: Seller, _ shop: Int) -> [String: String?] {
    seller.shelves[shop].state.withLockedValue { $0.products.mapValues(\.title) }
  }

  private func writes(_ seller: Seller) -> [Int] {
    seller.shelves.map { $0.state.withLockedValue(\.productWrites) }
  }

  @Test func `a new product is put on sale elsewhere, then changed, then taken off`() async throws {
    try await Seller.with(rules: Self.rules) { seller in
      try await seller.propagate([seller.product(.productCreated, title: "Lamp", at: 0, secondsAgo: 60)])
      _ = try await seller.pushAll()
      #expect(says(seller, 1) == ["new-P-1": "Lamp"])
      #expect(
        seller.shelves[1].state.withLockedValue { $0.products["new-P-1"]?.price } == nil,
        "prices only by their rule")
      try await seller.propagate([seller.product(title: "Better lamp", at: 0, secondsAgo: 40)])
      _ = try await seller.pushAll()
      #expect(says(seller, 1) == ["new-P-1": "Better lamp"])
      try await seller.propagate([seller.product(.productDeleted, title: "", at: 0, secondsAgo: 20)])
      _ = try await seller.pushAll()
      #expect(says(seller, 1) == [:])
      #expect(writes(seller) == [0, 3])
      #expect(
        try await seller.text(
          "SELECT string_agg(body->>'outcome', ' ' ORDER BY id) FROM activity_log WHERE kind = 'product.propagated'"
        )
          == "created updated deleted")
      #expect(try await seller.text("SELECT status FROM listings WHERE external_id = 'new-P-1'") == "DELETED")
    }
  }

  @Test func `the echo of what we wrote goes nowhere, and ten changes become one call`() async throws {
    try await Seller.with(rules: Self.rules) { seller in
      for second in 0..<10 {
        try await seller.propagate([
          seller.product(title: "Lamp \(second)", at: 0, secondsAgo: 60 - Int64(second))
        ])
      }
      #expect(try await seller.pushAll() == 1)
      #expect(says(seller, 1) == ["new-P-1": "Lamp 9"])
      try await seller.propagate([seller.product(title: "Lamp 9", at: 1, secondsAgo: 5)])
      _ = try await seller.pushAll()
      #expect(writes(seller) == [0, 1])
    }
  }

  @Test func `of two changes the later occurrence counts, whichever is heard of first`() async throws {
    try await Seller.with(rules: Self.rules) { seller in
      try await seller.propagate([seller.product(title: "Lamp", at: 0, secondsAgo: 60)])
      _ = try await seller.pushAll()
      try await seller.propagate([seller.product(title: "Lamp", at: 1, secondsAgo: 50)])
      // The second shop changed it later than the first, and is heard of earlier.
      try await seller.propagate([seller.product(title: "Theirs", at: 1, secondsAgo: 10)])
      _ = try await seller.jobs(of: "push")
      try await seller.run("UPDATE product_pushes SET is_queued = false")
      try await seller.propagate([seller.product(title: "Ours", at: 0, secondsAgo: 30)])
      _ = try await seller.pushAll()
      #expect(says(seller, 1) == ["new-P-1": "Lamp"], "it was not overwritten")
      #expect(
        try await seller.text(
          "SELECT string_agg(body->>'sku', ' ') FROM activity_log WHERE kind = 'product.conflict'")
          == "P-1")
    }
  }

  @Test func `after an outage the present content is brought, not what was missed`() async throws {
    try await Seller.with(rules: Self.rules) { seller in
      seller.shelves[1].state.withLockedValue {
        $0.failures = [.unavailable(status: 503, retryAfter: nil)]
      }
      try await seller.propagate([seller.product(.productCreated, title: "Lamp", at: 0, secondsAgo: 60)])
      let jobs = try await seller.jobs(of: "push")
      #expect(jobs.count == 1)
      for job in jobs {
        guard case .delay = await seller.push(job) else {
          Issue.record("an outage is waited for")
          return
        }
      }
      try await seller.propagate([seller.product(title: "Later lamp", at: 0, secondsAgo: 40)])
      #expect(try await seller.jobs(of: "push").isEmpty, "the waiting job does it")
      for job in jobs { #expect(await seller.push(job, attempts: 1) == .ack) }
      #expect(says(seller, 1) == ["new-P-1": "Later lamp"])
    }
  }

  @Test(
    arguments: [
      (
        ["skuPattern": "P-*", "tags": ["outlet"], "minPrice": "5", "maxPrice": "15", "marketplaces": [1]],
        true
      ),
      (["skuPattern": "X-*"], false), (["tags": ["new"]], false), (["minPrice": "11"], false),
      (["maxPrice": "9.99"], false),
      (["marketplaces": [2, 3]], false),
    ] as [(JSON, Bool)])
  func `conditions hold back what would be written`(conditions: JSON, isTaken: Bool) async throws {
    var rules = Self.rules.object
    rules["conditions"] = conditions
    try await Seller.with(rules: .object(rules)) { seller in
      try await seller.propagate([
        seller.product(.productCreated, title: "Lamp", tags: ["outlet", "home"], at: 0, secondsAgo: 60)
      ])
      _ = try await seller.pushAll()
      #expect(says(seller, 1).count == (isTaken ? 1 : 0))
      #expect(
        try await seller.text("SELECT outcome FROM product_pushes") == (isTaken ? "created" : "held"))
    }
  }

  @Test func `in shadow mode what would have been written is recorded`() async throws {
    try await Seller.with(rules: Self.rules, mode: .shadow) { seller in
      try await seller.propagate([seller.product(.productCreated, title: "Lamp", at: 0, secondsAgo: 60)])
      _ = try await seller.pushAll()
      #expect(says(seller, 1) == [:])
      #expect(
        try await seller.text(
          "SELECT concat_ws(' ', kind, target, body->'create'->>'title') FROM shadow_actions")
          == "product P-1 Lamp")
    }
  }
}
