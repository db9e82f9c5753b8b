/// What a marketplace can do; what is not listed here its adapter refuses with `.unsupported`.
package struct Features: Sendable, Equatable {
  /// The feeds it can be polled by.
  package var feeds: Set<Feed>
  /// How its stock is written.
  package var stockWrite: StockWrite
  /// Whether buyers can be written to.
  package var messages: Bool
  /// Whether it sends webhooks.
  package var webhooks: Bool
  /// The topics of the webhooks that can be registered through its API; empty when that is done by hand.
  package var webhookTopics: [String]
  /// Whether one order can be read by its id.
  package var readsOrders: Bool
  /// Whether products can be created, changed and deleted.
  package var writesProducts: Bool
  /// Whether two orders can become one under a new id, so that lines are keyed by their own id.
  package var mergesOrders: Bool

  package enum StockWrite: Sendable, Hashable {
    case none
    /// The last write wins, whatever was sold in between.
    case absolute
    /// The write names the quantity it expects to replace.
    case compareAndSet
  }

  package init(
    feeds: Set<Feed>, stockWrite: StockWrite = .none, messages: Bool = false, webhooks: Bool = false,
    webhookTopics: [String] = [], readsOrders: Bool = false, writesProducts: Bool = false,
    mergesOrders: Bool = false
  ) {
    self.feeds = feeds
    self.stockWrite = stockWrite
    self.messages = messages
    self.webhooks = webhooks
    self.webhookTopics = webhookTopics
    self.readsOrders = readsOrders
    self.writesProducts = writesProducts
    self.mergesOrders = mergesOrders
  }
}
