import RabbitMQ

/// A delivery on its way to a delay queue or to the dead letters, body and properties as they came.
struct Outgoing {
  let delivery: Delivery
  let exchange: String
  let routingKey: String
  let headers: [(String, HeaderValue)]

  /// Answers the publish's confirm tag.
  func publish(on connection: Connection) throws(RabbitMQError) -> UInt64 {
    let properties = Publishing(
      messageID: delivery.messageID, type: delivery.type, appID: delivery.appID,
      contentType: delivery.contentType, timestamp: delivery.timestamp, headers: headers)
    return try delivery.withBody { (body) throws(RabbitMQError) in
      try connection.publish(
        exchange: exchange, routingKey: routingKey, mandatory: true, properties: properties, body: body)
    }
  }
}
