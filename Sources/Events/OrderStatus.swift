/// Where an order stands, in the words of every marketplace alike.
package enum OrderStatus: String, CaseIterable, Hashable, Sendable {
  case new, paid, processing, shipped, fulfilled, cancelled, refunded
}
