import Commands
import JSON
import Testing

struct TruthTests {
  private func truth(status: String, isCancelled: Bool = false) -> Truth {
    Truth(
      stock: [],
      orders: [
        [
          "account": "square", "externalId": "order-1", "status": .string(status),
          "cancelled": .bool(isCancelled), "total": "9.99", "lines": [],
        ]
      ], accounts: ["square"])
  }

  @Test func `an order that nobody has heard of differs unless it was over before it could be heard of`() {
    let nothing = Truth(stock: [], orders: [], accounts: ["square"])
    for status in ["new", "paid", "shipped", "fulfilled"] {
      #expect(truth(status: status).differences(from: nothing).count == 1)
    }
    #expect(truth(status: "refunded").differences(from: nothing).isEmpty)
    #expect(truth(status: "cancelled", isCancelled: true).differences(from: nothing).isEmpty)
  }

  @Test func `an order that is refunded and known must be known as that`() {
    #expect(truth(status: "refunded").differences(from: truth(status: "paid")).count == 1)
    #expect(truth(status: "refunded").differences(from: truth(status: "refunded")).isEmpty)
  }
}
