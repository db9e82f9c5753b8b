import Events

/// What Allegro's words for events mean, in both dialects.
enum AllegroEventType {
  struct Meaning: Equatable {
    var type: EventType
    var change: String?
  }

  /// Nil for what nobody here has a use for, and for words that are new.
  static func order(_ word: String) -> Meaning? {
    switch word {
    case "ORDER_CREATED", "BOUGHT": Meaning(type: .orderCreated, change: "created")
    case "ORDER_UPDATED", "FILLED_IN", "BUYER_MODIFIED": Meaning(type: .orderUpdated, change: "updated")
    case "ORDER_PAID", "READY_FOR_PROCESSING": Meaning(type: .orderUpdated, change: "paid")
    case "ORDER_SENT": Meaning(type: .orderUpdated, change: "sent")
    case "ORDER_FULFILLED": Meaning(type: .orderUpdated, change: "fulfilled")
    case "ORDER_REFUNDED": Meaning(type: .orderUpdated, change: "refunded")
    case "ORDER_CANCELLED", "BUYER_CANCELLED", "AUTO_CANCELLED":
      Meaning(type: .orderUpdated, change: "cancelled")
    case "FULFILLMENT_STATUS_CHANGED": Meaning(type: .orderUpdated, change: "fulfillment")
    default: nil
    }
  }

  static func offer(_ word: String) -> Meaning? {
    switch word {
    case "OFFER_CREATED": Meaning(type: .offerCreated, change: "created")
    case "OFFER_ENDED": Meaning(type: .offerEnded, change: "ended")
    case "OFFER_ARCHIVED": Meaning(type: .offerEnded, change: "archived")
    case "OFFER_STOCK_CHANGED", "OFFER_QUANTITY_CHANGED": Meaning(type: .inventoryUpdated, change: "stock")
    case "OFFER_PRICE_CHANGED": Meaning(type: .offerUpdated, change: "price")
    case "OFFER_ACTIVATED": Meaning(type: .offerUpdated, change: "activated")
    case "OFFER_DEACTIVATED": Meaning(type: .offerUpdated, change: "deactivated")
    case "OFFER_UPDATED", "OFFER_CHANGED": Meaning(type: .offerUpdated, change: "updated")
    case "OFFER_TRANSLATION_UPDATED": Meaning(type: .offerUpdated, change: "translation")
    case "OFFER_VISIBILITY_CHANGED": Meaning(type: .offerUpdated, change: "visibility")
    default: nil
    }
  }
}
