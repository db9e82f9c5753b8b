import CRabbitMQ

/// How full a queue is, exact at the moment of asking.
package struct Depth: Sendable, Hashable {
  /// Messages that wait; those delivered and unsettled are not among them.
  package var ready: Int
  package var consumers: Int

  package init(ready: Int, consumers: Int) {
    self.ready = ready
    self.consumers = consumers
  }
}

/// An exchange's way of routing.
package enum ExchangeKind: String, Sendable, Hashable, Codable {
  case direct, topic, fanout, headers
}

extension Connection {
  /// Makes a durable exchange; nothing happens when it is there with the same arguments, and 406 is thrown when it has
  /// others.
  package func declareExchange(
    _ name: String, kind: ExchangeKind, arguments: [String: HeaderValue] = [:]
  ) throws(RabbitMQError) {
    defer { scratch.reset() }
    let operation = "declare the exchange \(name)"
    var request = amqp_exchange_declare_t()
    request.exchange = scratch.bytes(name)
    request.type = scratch.bytes(kind.rawValue)
    request.durable = 1
    request.arguments = try table(arguments, for: operation)
    _ = try administer(
      operation, AMQP_EXCHANGE_DECLARE_METHOD, &request, reply: AMQP_EXCHANGE_DECLARE_OK_METHOD)
  }

  /// Makes a queue, as `declareExchange`. An exclusive one is this connection's alone, and goes with it.
  @discardableResult package func declareQueue(
    _ name: String, arguments: [String: HeaderValue] = [:], exclusive: Bool = false
  ) throws(RabbitMQError) -> Depth {
    defer { scratch.reset() }
    let operation = "declare the queue \(name)"
    var request = amqp_queue_declare_t()
    request.queue = scratch.bytes(name)
    request.durable = exclusive ? 0 : 1
    request.exclusive = exclusive ? 1 : 0
    request.arguments = try table(arguments, for: operation)
    return try depth(operation, &request)
  }

  /// How full a queue is, or nil when there is none of that name.
  package func depth(of queue: String) throws(RabbitMQError) -> Depth? {
    defer { scratch.reset() }
    var request = amqp_queue_declare_t()
    request.queue = scratch.bytes(queue)
    request.passive = 1
    do throws(RabbitMQError) {
      return try depth("look at the queue \(queue)", &request)
    } catch  where error.code == 404 && error.scope == .request && !error.isRetriable {
      return nil
    }
  }

  /// Whether there is an exchange of that name.
  package func exchangeExists(_ name: String) throws(RabbitMQError) -> Bool {
    defer { scratch.reset() }
    var request = amqp_exchange_declare_t()
    request.exchange = scratch.bytes(name)
    request.type = scratch.bytes(ExchangeKind.direct.rawValue)
    request.passive = 1
    do throws(RabbitMQError) {
      _ = try administer(
        "look at the exchange \(name)", AMQP_EXCHANGE_DECLARE_METHOD, &request,
        reply: AMQP_EXCHANGE_DECLARE_OK_METHOD)
      return true
    } catch  where error.code == 404 && error.scope == .request {
      return false
    }
  }

  package func bind(queue: String, exchange: String, routingKey: String) throws(RabbitMQError) {
    defer { scratch.reset() }
    var request = amqp_queue_bind_t()
    request.queue = scratch.bytes(queue)
    request.exchange = scratch.bytes(exchange)
    request.routing_key = scratch.bytes(routingKey)
    _ = try administer(
      "bind \(queue) to \(exchange) by \(routingKey)", AMQP_QUEUE_BIND_METHOD, &request,
      reply: AMQP_QUEUE_BIND_OK_METHOD)
  }

  package func unbind(queue: String, exchange: String, routingKey: String) throws(RabbitMQError) {
    defer { scratch.reset() }
    var request = amqp_queue_unbind_t()
    request.queue = scratch.bytes(queue)
    request.exchange = scratch.bytes(exchange)
    request.routing_key = scratch.bytes(routingKey)
    _ = try administer(
      "unbind \(queue) from \(exchange)", AMQP_QUEUE_UNBIND_METHOD, &request,
      reply: AMQP_QUEUE_UNBIND_OK_METHOD)
  }

  /// Deletes a queue with all that is in it, and gives the number of messages lost; 0 when there was none.
  @discardableResult package func deleteQueue(_ name: String) throws(RabbitMQError) -> Int {
    defer { scratch.reset() }
    var request = amqp_queue_delete_t()
    request.queue = scratch.bytes(name)
    let reply = try administer(
      "delete the queue \(name)", AMQP_QUEUE_DELETE_METHOD, &request, reply: AMQP_QUEUE_DELETE_OK_METHOD)
    return reply.map { Int($0.load(as: amqp_queue_delete_ok_t.self).message_count) } ?? 0
  }

  /// Deletes an exchange with its bindings, if it is there.
  package func deleteExchange(_ name: String) throws(RabbitMQError) {
    defer { scratch.reset() }
    var request = amqp_exchange_delete_t()
    request.exchange = scratch.bytes(name)
    _ = try administer(
      "delete the exchange \(name)", AMQP_EXCHANGE_DELETE_METHOD, &request,
      reply: AMQP_EXCHANGE_DELETE_OK_METHOD)
  }

  /// Throws away what waits in a queue, and gives the number of messages lost.
  @discardableResult package func purge(_ queue: String) throws(RabbitMQError) -> Int {
    defer { scratch.reset() }
    var request = amqp_queue_purge_t()
    request.queue = scratch.bytes(queue)
    let reply = try administer(
      "purge the queue \(queue)", AMQP_QUEUE_PURGE_METHOD, &request, reply: AMQP_QUEUE_PURGE_OK_METHOD)
    return reply.map { Int($0.load(as: amqp_queue_purge_ok_t.self).message_count) } ?? 0
  }

  private func depth(
    _ operation: String, _ request: inout amqp_queue_declare_t
  ) throws(RabbitMQError) -> Depth {
    let reply = try administer(
      operation, AMQP_QUEUE_DECLARE_METHOD, &request, reply: AMQP_QUEUE_DECLARE_OK_METHOD)
    guard let answer = reply?.load(as: amqp_queue_declare_ok_t.self) else {
      return Depth(ready: 0, consumers: 0)
    }
    return Depth(ready: Int(answer.message_count), consumers: Int(answer.consumer_count))
  }
}
