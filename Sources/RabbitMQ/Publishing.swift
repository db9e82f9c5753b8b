/// A message's properties as its publisher gives them; every message is persistent.
package struct Publishing: Sendable {
  package var messageID: String?
  package var type: String?
  package var appID: String?
  package var contentType: String?
  package var contentEncoding: String?
  package var correlationID: String?
  package var replyTo: String?
  /// Seconds since 1970.
  package var timestamp: UInt64?
  /// How long the message may wait in a queue.
  package var expiration: Duration?
  package var headers: [(String, HeaderValue)]

  package init(
    messageID: String? = nil, type: String? = nil, appID: String? = nil, contentType: String? = nil,
    timestamp: UInt64? = nil, expiration: Duration? = nil, headers: [(String, HeaderValue)] = []
  ) {
    self.messageID = messageID
    self.type = type
    self.appID = appID
    self.contentType = contentType
    self.timestamp = timestamp
    self.expiration = expiration
    self.headers = headers
  }

  /// What a delivery carried, to be published again; its expiration does not count anew.
  package init(of delivery: Delivery, headers: [(String, HeaderValue)]) {
    self.init(
      messageID: delivery.messageID, type: delivery.type, appID: delivery.appID,
      contentType: delivery.contentType, timestamp: delivery.timestamp, headers: headers)
    contentEncoding = delivery.contentEncoding
    correlationID = delivery.correlationID
    replyTo = delivery.replyTo
  }
}
