import JSON
import RabbitMQ
import Testing
import Topology

struct TopologyTests {
  let topology = Topology()

  @Test func `events go to the queues of the contract's table`() {
    let table: [(String, [Queue])] = [
      ("allegro.order.updated", [.stockLedger, .orderSync, .messaging]),
      ("allegro.payment.received", [.stockLedger, .orderSync, .messaging]),
      ("shopify.inventory.updated", [.stockLedger, .propagation]),
      ("allegro.stock.topup", [.stockLedger]),
      ("allegro.stock.low", [.messaging]),
      ("allegro.stock.changed", [.propagation]),
      ("ebay.dispute.initiated", [.disputes]),
      ("square.product.deleted", [.propagation]),
      ("allegro.offer.ended", [.propagation]),
      ("allegro.something.else", []),
      ("order.updated", []),
      ("a.b.order.updated", []),
    ]
    for (key, queues) in table { #expect(topology.queues(forEvent: key) == queues, "\(key)") }
  }

  @Test func `a star is one word and a hash is any number of them`() {
    #expect(matches(pattern: "*.order.*", routingKey: "a.order.b"))
    #expect(!matches(pattern: "*.order.*", routingKey: "a.order"))
    #expect(!matches(pattern: "*.order.*", routingKey: "a.order.b.c"))
    #expect(matches(pattern: "#", routingKey: ""))
    #expect(matches(pattern: "#", routingKey: "a.b.c"))
    #expect(matches(pattern: "a.#.z", routingKey: "a.z"))
    #expect(matches(pattern: "a.#.z", routingKey: "a.b.c.z"))
    #expect(!matches(pattern: "a.#.z", routingKey: "a.b.c"))
    #expect(matches(pattern: "*", routingKey: ""))
    #expect(!matches(pattern: "", routingKey: "a"))
  }

  @Test func `every queue is a quorum queue, and only work queues have a delivery limit`() {
    #expect(topology.queues.count == 8 + 8 + 4 + 1)
    for queue in topology.queues {
      #expect(queue.arguments["x-queue-type"] == "quorum")
      let isWork = topology.queue(named: queue.name) != nil
      #expect((queue.arguments["x-delivery-limit"] == 50) == isWork, "\(queue.name)")
      #expect((queue.arguments["x-delivery-limit"] == nil) == !isWork, "\(queue.name)")
    }
  }

  @Test func `whatever the broker dead-letters it dead-letters at least once`() {
    for queue in topology.queues where queue.arguments["x-dead-letter-exchange"] != nil {
      #expect(queue.arguments["x-dead-letter-strategy"] == "at-least-once")
      #expect(queue.arguments["x-overflow"] == "reject-publish")
    }
  }

  @Test func `every binding names an exchange and a queue that are declared`() {
    let (exchanges, queues) = (Set(topology.exchanges.map(\.name)), Set(topology.queues.map(\.name)))
    for binding in topology.bindings {
      #expect(exchanges.contains(binding.exchange))
      #expect(queues.contains(binding.queue))
    }
    #expect(Set(topology.bindings.map(\.queue)) == queues)
    #expect(Set(topology.bindings).count == topology.bindings.count)
  }

  @Test func `all names begin with the namespace`() {
    let topology = Topology(namespace: "shop")
    #expect(topology.name(.stockLedger) == "shop.stock-ledger")
    #expect(topology.deadName(.poll) == "shop.poll.dead")
    for name in topology.exchanges.map(\.name) + topology.queues.map(\.name) {
      #expect(name.hasPrefix("shop."))
    }
  }

  @Test func `it is shown as an object and as lines`() {
    #expect(topology.json["queues"].array.count == topology.queues.count)
    #expect(topology.json["exchanges"][2]["arguments"]["alternate-exchange"].text == "crossdock.unrouted")
    #expect(topology.text.contains("binding   crossdock.events -> crossdock.disputes  by *.dispute.*"))
    #expect(topology.text.contains("x-message-ttl=5000"))
  }
}
