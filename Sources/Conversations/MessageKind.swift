/// What a buyer is written about; at most one of a kind per order, ever.
package enum MessageKind: String, CaseIterable, Sendable, Hashable {
  case orderConfirmation = "order_confirmation"
  case paymentConfirmation = "payment_confirmation"
  case shippingUpdate = "shipping_update"
  case disputeNotice = "dispute_notice"
}

/// What becomes of a message on its way to the buyer.
package enum DeliveryStatus: String, Sendable, Hashable {
  /// The marketplace takes no messages: it stays here.
  case stored
  /// Of a connection in shadow mode: what would have been sent.
  case shadow
  /// A push job delivers it.
  case pending
  case delivered, failed
  /// Was due while history was read, and is never to be sent.
  case silenced
}
