/// What a broker says by itself.
package enum Incoming: Sendable {
  case delivery(Delivery)
  case confirm(Confirm)
  case returned(Returned)
  /// The broker ended the consumer: its queue was deleted, or its leader is lost.
  case cancelled(consumerTag: String)
  /// The broker takes no messages for lack of memory or disk; deliveries go on.
  case blocked(reason: String)
  case unblocked
}

/// The broker's word on published messages: this one, or all up to it.
package struct Confirm: Sendable, Hashable {
  package var tag: UInt64
  package var multiple: Bool
  /// The broker could not take it; publish it again.
  package var negative: Bool

  package init(tag: UInt64, multiple: Bool = false, negative: Bool = false) {
    self.tag = tag
    self.multiple = multiple
    self.negative = negative
  }
}

/// A mandatory message that no queue is bound for. Its confirm follows, and is positive all the same.
package struct Returned: Sendable, Hashable {
  package var messageID: String?
  package var exchange: String
  package var routingKey: String
  package var code: Int
  package var text: String

  package init(messageID: String?, exchange: String, routingKey: String, code: Int, text: String) {
    self.messageID = messageID
    self.exchange = exchange
    self.routingKey = routingKey
    self.code = code
    self.text = text
  }
}
