/// A message's properties as its publisher gives them; every message is persistent.
package struct Publishing: Sendable {
  package var messageID: String?
  package var type: String?
  package var appID: String?
  package var contentType: String?
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
}
