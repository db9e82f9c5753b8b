import Metrics

/// Counts the calls of a marketplace by what became of them, and how long they took.
struct MeteredTransport: MarketplaceTransport {
  let transport: any MarketplaceTransport
  let platform: String

  func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    let start = ContinuousClock.now
    do {
      let answer = try await transport.send(call)
      note(String(answer.status), took: .now - start)
      return answer
    } catch {
      note(error.errorClass.rawValue, took: .now - start)
      throw error
    }
  }

  private func note(_ status: String, took time: Duration) {
    Counter(
      label: "crossdock_marketplace_calls_total", dimensions: [("platform", platform), ("status", status)]
    ).increment()
    Timer(label: "crossdock_marketplace_call_seconds", dimensions: [("platform", platform)])
      .record(duration: time)
  }
}
