package import RabbitMQ

/// An exchange as it is to be declared.
package struct ExchangeDefinition: Sendable, Equatable {
  package let name: String
  package let kind: ExchangeKind
  package let arguments: [String: HeaderValue]
}

/// A queue as it is to be declared.
package struct QueueDefinition: Sendable, Equatable {
  package let name: String
  package let arguments: [String: HeaderValue]
}

/// A queue bound to an exchange.
package struct Binding: Sendable, Hashable {
  package let exchange: String
  package let queue: String
  package let routingKey: String

  package init(exchange: String, queue: String, routingKey: String) {
    self.exchange = exchange
    self.queue = queue
    self.routingKey = routingKey
  }
}
