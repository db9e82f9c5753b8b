package import Events
package import Lane
package import Logging
package import Postgres
import Push
package import Topology

/// Takes a change at one connection to its owner's others: a change of a shared stock becomes wishes that its listings
/// show it, and what is said of offers and products is kept.
package struct Propagation: Consumer {
  private let logger: Logger

  package init(logger: Logger) { self.logger = logger }

  package var queue: Queue { .propagation }

  package func decode(_ body: UnsafeRawBufferPointer) throws(EventError) -> Event {
    try Event.decode(body)
  }

  package mutating func prepare(_ messages: [Event], on connection: Connection) throws {
    try ProductTargets.prepare(messages, on: connection)
  }

  package mutating func apply(
    _ batch: Batch<Event>, on connection: Connection
  ) throws -> [Int: Disposition] {
    var changes: [StockTargets.Change] = []
    var details = ListingDetails()
    var products = ProductDetails()
    for index in try batch.claimed() {
      let event = batch.messages[index]
      switch event.subjectData {
      case .stock(let stock) where event.type == .stockChanged:
        if let change = StockTargets.Change(stock, in: event) { changes.append(change) }
      case .offer(let offer): details.add(offer, in: event)
      case .inventory(let inventory): details.add(inventory, in: event)
      case .product(let product): products.add(product, in: event)
      default: continue
      }
    }
    // Wishes before listings: the order of locks that everybody keeps.
    let targets = try StockTargets.find(for: changes, on: connection)
    try Wishes.add(targets.map(\.listing), on: connection)
    try Activity.note(targets, on: connection)
    try details.write(on: connection)
    try products.write(on: connection)
    try ProductWishes.add(try ProductTargets.find(for: products.names, on: connection), on: connection)
    return [:]
  }
}
