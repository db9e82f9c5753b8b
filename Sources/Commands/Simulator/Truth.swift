package import JSON

/// What a marketplace says is really so, and what we hold; both in one shape, so that they can be compared.
package struct Truth: Sendable, Equatable {
  /// Quantities by account and SKU.
  var stock: [Place: Int] = [:]
  var orders: [Place: Order] = [:]
  /// Orders that the marketplace has merged into others: it knows them no more, and says so to nobody. Those that we
  /// had heard of before must be closed here.
  var merged: Set<Place> = []

  /// Something of an account: a SKU or an order's id.
  package struct Place: Sendable, Hashable, Comparable, CustomStringConvertible {
    var account: String
    var name: String

    package init(account: String, name: String) {
      self.account = account
      self.name = name
    }

    package static func < (left: Place, right: Place) -> Bool {
      (left.account, left.name) < (right.account, right.name)
    }

    package var description: String { "\(account) \(name)" }
  }

  struct Order: Sendable, Equatable {
    var status: String
    var isCancelled: Bool
    /// As a decimal number without trailing zeros.
    var total: String
    /// Line id to "SKU × quantity".
    var lines: [String: String]
  }

  /// From `GET /truth/stock` and `GET /truth/orders`. An order that was merged into another is not there any more.
  package init(stock: JSON, orders: JSON, accounts: Set<String>) {
    takeStock(stock, of: accounts)
    for order in orders.array {
      guard let place = Place(order, name: "externalId"), accounts.contains(place.account) else { continue }
      guard order["mergedInto"].isNull else {
        merged.insert(place)
        continue
      }
      self.orders[place] = Order(order)
    }
  }

  /// Takes the stock as it is now: our own writes change it after the markets have closed.
  mutating func takeStock(_ json: JSON, of accounts: Set<String>) {
    stock.removeAll()
    for listing in json.array {
      guard let place = Place(listing, name: "sku"), accounts.contains(place.account) else { continue }
      stock[place, default: 0] += Int(listing["quantity"].integer ?? 0)
    }
  }

  init(stock: [Place: Int], orders: [Place: Order]) {
    self.stock = stock
    self.orders = orders
  }

  /// Every difference, one line each: `held` is what we hold.
  package func differences(from held: Truth) -> [String] {
    stockDifferences(held) + orderDifferences(held)
  }

  private func stockDifferences(_ held: Truth) -> [String] {
    Set(stock.keys).union(held.stock.keys).sorted().compactMap { place in
      guard stock[place] != held.stock[place] else { return nil }
      return
        "stock \(place): \(Self.text(stock[place])) at the marketplace, \(Self.text(held.stock[place])) here"
    }
  }

  private func orderDifferences(_ held: Truth) -> [String] {
    Set(orders.keys).union(held.orders.keys).sorted().compactMap { place in
      if merged.contains(place) {
        return held.orders[place].flatMap { ours in
          ours.isCancelled ? nil : "order \(place): merged into another at the marketplace, open here"
        }
      }
      guard let order = orders[place] else { return "order \(place): not at the marketplace, but here" }
      guard let ours = held.orders[place] else {
        // It began and ended between two readings. The table of orders leaves such a one out: the decision table skips
        // what is cancelled and unknown, the filter of financial statuses keeps a new order out that is refunded. Its
        // stock counts all the same (`OrderVersion`), and is compared as any other's.
        return order.isCancelled || order.status == "refunded"
          ? nil : "order \(place): at the marketplace, not here"
      }
      return order.difference(from: ours).map { "order \(place): \($0)" }
    }
  }

  private static func text(_ quantity: Int?) -> String { quantity.map { String($0) } ?? "nothing" }
}

extension Truth.Place {
  init?(_ json: JSON, name: String) {
    guard let account = json["account"].text, let name = json[name].text else { return nil }
    self.init(account: account, name: name)
  }
}

extension Truth.Order {
  init(_ json: JSON) {
    status = json["status"].text ?? ""
    isCancelled = json["cancelled"].bool ?? false
    total = Self.plain(json["total"].text ?? "")
    lines = [:]
    for line in json["lines"].array {
      lines[line["externalId"].text ?? ""] = "\(line["sku"].text ?? "") × \(line["quantity"].text ?? "")"
    }
  }

  /// What differs, in words; nil when nothing does. `processing` is our finer word for what is paid.
  func difference(from held: Self) -> String? {
    if isCancelled != held.isCancelled {
      return isCancelled ? "cancelled at the marketplace, not here" : "cancelled here, not at the marketplace"
    }
    if isCancelled { return nil }
    let ours = held.status == "processing" ? "paid" : held.status
    if status != ours { return "\(status) at the marketplace, \(held.status) here" }
    if total != held.total { return "total \(total) at the marketplace, \(held.total) here" }
    if lines != held.lines {
      return "lines \(Self.text(lines)) at the marketplace, \(Self.text(held.lines)) here"
    }
    return nil
  }

  /// Without zeros at the end of the fraction.
  static func plain(_ decimal: String) -> String {
    guard decimal.contains(".") else { return decimal }
    var text = Substring(decimal)
    while text.hasSuffix("0") { text = text.dropLast() }
    if text.hasSuffix(".") { text = text.dropLast() }
    return String(text)
  }

  private static func text(_ lines: [String: String]) -> String {
    "[" + lines.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "]"
  }
}
