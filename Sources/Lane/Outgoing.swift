import RabbitMQ

/// A delivery on its way to a delay queue or to the dead letters, body and properties as they came.
struct Outgoing {
  let delivery: Delivery
  let exchange: String
  let routingKey: String
  let headers: [(String, HeaderValue)]

  /// Only the headers that Crossdock gave it.
  var withOwnHeadersOnly: Outgoing {
    Outgoing(
      delivery: delivery, exchange: exchange, routingKey: routingKey,
      headers: headers.filter { $0.0.hasPrefix("x-crossdock-") })
  }

  /// Answers the publish's confirm tag.
  func publish(on connection: Connection) throws(RabbitMQError) -> UInt64 {
    let properties = Publishing(of: delivery, headers: headers)
    return try delivery.withBody { (body) throws(RabbitMQError) in
      try connection.publish(
        exchange: exchange, routingKey: routingKey, mandatory: true, properties: properties, body: body)
    }
  }
}
