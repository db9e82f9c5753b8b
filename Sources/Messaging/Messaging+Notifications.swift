import Conversations
import Events
import Foundation
import JSON

extension Messaging {
  /// What the seller hears of a message to the buyer; nothing of parcels, which the seller sent himself.
  func notification(of draft: MessageDraft, in news: OrderNews) -> UserNotification? {
    let name = draft.conversation.name
    guard draft.status != .silenced, let account = accounts[name.connection],
      let order = news.live[name]?.order
    else { return nil }
    let kind: UserNotification.Kind
    switch draft.kind {
    case .orderConfirmation: kind = .orderCreated
    case .paymentConfirmation: kind = .paymentReceived
    case .shippingUpdate, .disputeNotice: return nil
    }
    return UserNotification(
      to: account.user, kind, about: name.description,
      body: .object([
        "conversationId": .integer(draft.conversation.id),
        "connectionId": .string(name.connection.uuidString.lowercased()), "orderId": .string(name.order),
        "number": .text(order.number), "total": .text(order.total?.text), "currency": .text(order.currency),
      ]))
  }

  /// What the seller hears when a stock row has fallen below the threshold.
  func notification(of stock: Stock, in event: Event) -> UserNotification? {
    guard event.type == .stockLow, let account = accounts[event] else { return nil }
    return UserNotification(
      to: account.user, .stockLow, about: event.id,
      body: .object([
        "connectionId": .string(event.connectionId), "sku": .text(stock.sku),
        "variationId": stock.variationId.map { .integer($0) } ?? .null,
        "marketplaceId": (stock.marketplaceId ?? event.marketplaceId).map { .integer($0) } ?? .null,
        "onHand": .integer(stock.onHand), "listedStock": .integer(stock.listedStock),
      ]))
  }
}
