package import Events
package import JSON
package import Time

extension MarketplaceConnection {
  /// Makes an event of this connection; what happened before the connection was made is history.
  package func event(
    id: String, type: EventType, time: Timestamp, change: String?, observedAt: Timestamp,
    _ payload: Event.Payload
  ) -> Event {
    Event(
      id: id, type: type, time: time, connectionId: key, platform: platform.rawValue,
      marketplaceId: marketplaceId,
      change: change, backfill: time < createdAt, observedAt: observedAt, subjectData: payload)
  }

  /// The message id of what the platform calls by an id of its own.
  package func messageId(_ eventId: String) -> String {
    EventID.platformEvent(platform: platform.rawValue, connectionId: key, eventId: eventId)
  }

  /// What a list of listings says of one: true as of the moment it was read, so moment and quantity make the id. Nil
  /// when it says no quantity.
  package func snapshot(of listing: Listing, payload: JSON, at moment: Timestamp) -> FeedItem? {
    guard let quantity = listing.quantity else { return nil }
    let id = "listing/\(listing.externalId)@\(moment)#\(quantity)"
    let inventory = Inventory(
      listingId: listing.externalId, sku: listing.sku, locationId: nil, quantity: quantity, asOf: moment)
    let raw = RawEvent(id: id, type: "LISTED", occurredAt: moment, payload: payload)
    let event = event(
      id: messageId(id), type: .inventoryUpdated, time: moment, change: "listed", observedAt: moment,
      .inventory(inventory))
    return FeedItem(raw: raw, meaning: .event(event))
  }
}
