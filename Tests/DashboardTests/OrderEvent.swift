/// An event about an order of the installation's connection, as a marketplace's adapter publishes it.
struct OrderEvent {
  /// Behind platform and connection.
  var name = "created-1"
  var order = "o-1"
  var status = "paid"
  /// When it was placed; buyers of old orders are not written to.
  var time = "2026-01-01T12:00:00Z"
  /// As it stands in the JSON: a number, or what is none and so makes a dead letter.
  var quantity = "2"

  var id: String { "allegro:\(Installation.connection):\(name)" }

  var body: String {
    """
    {"specversion":"1.0","id":"\(id)","source":"/connections/\(Installation.connection)",\
    "type":"order.created","subject":"order/\(order)","time":"\(time)","datacontenttype":"application/json",\
    "data":{"connectionId":"\(Installation.connection)","platform":"allegro","marketplaceId":7,"change":"created",\
    "order":{"externalId":"\(order)","number":"#1","status":"\(status)","placedAt":"\(time)",\
    "updatedAt":"\(time)","currency":"PLN","total":"5.00","buyer":{"externalId":"b-1","name":"Ewa"},\
    "lines":[{"externalId":"l-1",\
    "listingId":"offer-1","sku":"SKU-0001","quantity":\(quantity),"unitPrice":"5.00"}]}}}
    """
  }
}
