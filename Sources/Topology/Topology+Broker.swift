package import RabbitMQ

extension Topology {
  /// Declares and binds everything; what is there already stays as it is. Throws 406 at the first exchange or queue
  /// that is there with other arguments.
  package func apply(on connection: Connection) throws(RabbitMQError) {
    for exchange in exchanges {
      try connection.declareExchange(exchange.name, kind: exchange.kind, arguments: exchange.arguments)
    }
    for queue in queues {
      try connection.declareQueue(queue.name, arguments: queue.arguments)
    }
    for binding in bindings {
      try connection.bind(
        queue: binding.queue, exchange: binding.exchange, routingKey: binding.routingKey)
    }
  }

  /// How the broker differs, changing nothing. Missing and superfluous bindings don't show over AMQP: `apply` binds
  /// again what is missing.
  package func check(on connection: Connection) throws(RabbitMQError) -> [Drift] {
    var drifts: [Drift] = []
    for exchange in exchanges {
      guard try connection.exchangeExists(exchange.name) else {
        drifts.append(.missingExchange(exchange.name))
        continue
      }
      let refusal = try refusal { () throws(RabbitMQError) in
        try connection.declareExchange(exchange.name, kind: exchange.kind, arguments: exchange.arguments)
      }
      if let refusal { drifts.append(.differentExchange(exchange.name, refusal)) }
    }
    for queue in queues {
      guard try connection.depth(of: queue.name) != nil else {
        drifts.append(.missingQueue(queue.name))
        continue
      }
      let refusal = try refusal { () throws(RabbitMQError) in
        try connection.declareQueue(queue.name, arguments: queue.arguments)
      }
      if let refusal { drifts.append(.differentQueue(queue.name, refusal)) }
    }
    return drifts
  }

  /// Deletes every queue and exchange of the namespace, with all messages.
  package func delete(on connection: Connection) throws(RabbitMQError) {
    for queue in queues { try connection.deleteQueue(queue.name) }
    for exchange in exchanges { try connection.deleteExchange(exchange.name) }
  }

  /// What the broker says against a declaration's arguments; a declaration equal to what is there changes nothing.
  private func refusal(
    _ declare: () throws(RabbitMQError) -> Void
  ) throws(RabbitMQError) -> String? {
    do throws(RabbitMQError) {
      try declare()
      return nil
    } catch  where error.code == 406 && error.scope == .request {
      return error.text
    }
  }
}
