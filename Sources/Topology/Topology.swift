import RabbitMQ

/// Every exchange, queue and binding of a namespace. A pure value; `apply` makes it so in a broker.
package struct Topology: Sendable, Hashable {
  /// The first part of every name.
  package let namespace: String
  package let delays: Delays
  /// After this many returns the broker takes a message for the killer of its workers, and moves it to the dead.
  package let deliveryLimit: Int

  package init(namespace: String = "crossdock", delays: Delays = .standard, deliveryLimit: Int = 50) {
    self.namespace = namespace
    self.delays = delays
    self.deliveryLimit = max(deliveryLimit, 1)
  }

  /// Direct; the routing key is the queue's name.
  package var jobs: String { "\(namespace).jobs" }
  /// Topic; the routing key is `<platform>.<type>`.
  package var events: String { "\(namespace).events" }
  /// Direct; the routing key is the name of the queue that the letter died in.
  package var dead: String { "\(namespace).dead" }
  /// Exchange and queue for the events that nobody is bound to.
  package var unrouted: String { "\(namespace).unrouted" }

  /// Exchange and queue of a tier; the routing key is the name of the queue to go to after the wait.
  package func delay(_ tier: Delay) -> String { "\(namespace).delay.\(tier.name)" }

  package func name(_ queue: Queue) -> String { queue.name(in: namespace) }
  package func deadName(_ queue: Queue) -> String { queue.deadName(in: namespace) }

  /// The work queue of that name in the broker.
  package func queue(named name: String) -> Queue? {
    Queue.allCases.first { self.name($0) == name }
  }

  /// The work queues that an event of this routing key goes to.
  package func queues(forEvent routingKey: String) -> [Queue] {
    Queue.allCases.filter { queue in
      queue.patterns.contains { matches(pattern: $0, routingKey: routingKey) }
    }
  }

  /// In an order in which they can be declared.
  package var exchanges: [ExchangeDefinition] {
    [
      ExchangeDefinition(name: unrouted, kind: .fanout, arguments: [:]),
      ExchangeDefinition(name: jobs, kind: .direct, arguments: [:]),
      ExchangeDefinition(name: events, kind: .topic, arguments: ["alternate-exchange": .text(unrouted)]),
      ExchangeDefinition(name: dead, kind: .direct, arguments: [:]),
    ] + delays.tiers.map { ExchangeDefinition(name: delay($0), kind: .fanout, arguments: [:]) }
  }

  package var queues: [QueueDefinition] {
    let plain: [String: HeaderValue] = ["x-queue-type": "quorum"]
    return Queue.allCases.map { QueueDefinition(name: name($0), arguments: workArguments($0)) }
      + Queue.allCases.map { QueueDefinition(name: deadName($0), arguments: plain) }
      + delays.tiers.map { QueueDefinition(name: delay($0), arguments: delayArguments($0)) }
      + [QueueDefinition(name: unrouted, arguments: plain)]
  }

  package var bindings: [Binding] {
    Queue.allCases.flatMap { queue in
      let keys = queue.takesJobs ? [name(queue)] : queue.patterns
      let exchange = queue.takesJobs ? jobs : events
      return keys.map { Binding(exchange: exchange, queue: name(queue), routingKey: $0) }
        + [Binding(exchange: dead, queue: deadName(queue), routingKey: name(queue))]
    }
      + delays.tiers.map { Binding(exchange: delay($0), queue: delay($0), routingKey: "") }
      + [Binding(exchange: unrouted, queue: unrouted, routingKey: "")]
  }

  /// At-least-once dead-lettering falls back to at-most-once, with no more than a warning in the broker's log, unless
  /// the queue's overflow is `reject-publish`.
  private static let safeDeadLettering: [String: HeaderValue] = [
    "x-queue-type": "quorum", "x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish",
  ]

  private func workArguments(_ queue: Queue) -> [String: HeaderValue] {
    var arguments = Self.safeDeadLettering
    arguments["x-delivery-limit"] = .integer(Int64(deliveryLimit))
    arguments["x-dead-letter-exchange"] = .text(dead)
    arguments["x-dead-letter-routing-key"] = .text(name(queue))
    return arguments
  }

  /// No dead-letter routing key: each message keeps its own, the queue that it goes to after the wait.
  private func delayArguments(_ tier: Delay) -> [String: HeaderValue] {
    var arguments = Self.safeDeadLettering
    arguments["x-message-ttl"] = .integer(tier.milliseconds)
    arguments["x-dead-letter-exchange"] = ""
    return arguments
  }
}
