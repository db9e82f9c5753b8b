import Events
import JSON
package import Marketplaces
import NIOConcurrencyHelpers
import Time

/// Shopify, by its GraphQL Admin API. A listing is a product variant: orders, products and stock all name it.
package struct ShopifyAdapter: MarketplaceAdapter {
  let connection: MarketplaceConnection
  let client: MarketplaceClient
  let filter: OrderFilter
  let memory = NIOLockedValueBox(Memory())

  /// What the adapter remembers from call to call.
  struct Memory {
    var budget = CostBudget()
    /// The largest page of each query that was not refused as too costly; absent: none was refused yet.
    var largestPages: [String: Int] = [:]
  }

  package init(connection: MarketplaceConnection, client: MarketplaceClient, filter: OrderFilter = .standard)
  {
    self.connection = connection
    self.client = client
    self.filter = filter
  }

  /// The version of the Admin API that the queries are written for.
  static let apiVersion = "2026-04"

  /// What counts at Shopify are the points of `CostBudget`; this only keeps a mistake of ours from becoming a storm.
  package static let allowance = CallBucket.Allowance(rate: 20, burst: 80)

  package var features: Features {
    Features(
      feeds: [.offerEvents, .orders, .listings], stockWrite: .compareAndSet, webhooks: true,
      webhookTopics: ShopifyTopic.registered, readsOrders: true, writesProducts: true)
  }

  package func page(_ request: FeedRequest) async throws(MarketplaceError) -> FeedPage {
    switch request.feed {
    case .orders: return try await orders(request)
    case .offerEvents: return try await changedProducts(request)
    case .listings: return try await listings(request)
    case .orderEvents:
      throw .unsupported("Shopify has no journal of orders: they are read by their last change")
    case .disputes: throw .unsupported("Shopify tells of disputes by webhook")
    }
  }

  package func latestCursor(of feed: Feed) async throws(MarketplaceError) -> String? {
    feed == .offerEvents ? try await latestChange() : nil
  }

  package func check() async throws(MarketplaceError) {
    _ = try await ask(ShopifyQuery.shop)
  }
}

extension ShopifyAdapter {
  /// Asks one query or mutation; its answer has data.
  func ask(
    _ query: ShopifyQuery, _ variables: JSON = [:]
  ) async throws(MarketplaceError) -> JSONAnswer {
    try await afford(query)
    let body: JSON = ["query": .string(query.text), "variables": variables]
    let memory = self.memory
    return try await client.json(
      MarketplaceCall(
        .post, "/admin/api/\(Self.apiVersion)/graphql.json", headers: [("content-type", "application/json")],
        body: body.bytes)
    ) { answer in
      if let report = CostReport(answer.json) {
        memory.withLockedValue { $0.budget.note(report, of: query.name, at: .now()) }
      }
      return GraphQLAnswer.failure(of: answer.json)
    }
  }

  /// Asks a query for a page of at most `size`, and for smaller ones when that is too costly at once.
  func ask(
    _ query: ShopifyQuery, size: Int, _ variables: JSON
  ) async throws(MarketplaceError) -> (answer: JSONAnswer, calls: Int) {
    var size = min(size, memory.withLockedValue { $0.largestPages[query.name] } ?? size)
    var calls = 0
    while true {
      calls += 1
      var variables = variables
      variables["first"] = .integer(size)
      do {
        return (try await ask(query, variables), calls)
      } catch  where GraphQLAnswer.isTooCostly(error) && size > 1 {
        size /= 2
        let smaller = size
        memory.withLockedValue { $0.largestPages[query.name] = smaller }
      }
    }
  }

  /// Asks a mutation; what it refuses is an error.
  func change(
    _ query: ShopifyQuery, _ variables: JSON
  ) async throws(MarketplaceError) -> JSONAnswer {
    let answer = try await ask(query, variables)
    if let failure = GraphQLAnswer.failure(ofMutation: answer.json["data"][query.root]) { throw failure }
    return answer
  }

  /// Waits for points that come back soon; a longer wait is the delay queue's.
  private func afford(_ query: ShopifyQuery) async throws(MarketplaceError) {
    let wait = memory.withLockedValue { $0.budget.wait(before: query.name, at: .now()) }
    guard wait > .zero else { return }
    guard wait <= .seconds(1) else { throw .rateLimited(retryAfter: wait) }
    do { try await Task.sleep(for: wait) } catch { throw .network("cancelled") }
  }
}
