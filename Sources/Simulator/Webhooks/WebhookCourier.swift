import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import ServiceLifecycle
import Time

/// Delivers the webhooks of the shops that have somebody to tell, and tries again what was not taken.
struct WebhookCourier: Service {
  let accounts: [Account]

  /// So often a webhook is offered before it is given up.
  static let attempts = 8
  /// The first pause after a refusal; each next one is twice as long.
  static let firstPause = Duration.milliseconds(500)

  func run() async throws {
    let http = HTTPClient(eventLoopGroupProvider: .singleton)
    await cancelWhenGracefulShutdown {
      await withDiscardingTaskGroup { group in
        while !Task.isCancelled {
          for account in accounts {
            for webhook in await account.webhooks(at: .now()) {
              await account.note(webhook.id, is: .waiting)
              group.addTask {
                let isTaken = await Self.deliver(webhook, over: http)
                await account.note(webhook.id, is: isTaken ? .delivered : .givenUp)
              }
            }
          }
          try? await Task.sleep(for: .milliseconds(100))
        }
      }
    }
    try await http.shutdown()
  }

  private static func deliver(_ webhook: OutgoingWebhook, over http: HTTPClient) async -> Bool {
    var request = HTTPClientRequest(url: webhook.url)
    request.method = .POST
    for (name, value) in webhook.headers { request.headers.add(name: name, value: value) }
    request.body = .bytes(ByteBuffer(bytes: webhook.body))
    var pause = firstPause
    for _ in 1...attempts {
      let answer = try? await http.execute(request, timeout: .seconds(5))
      if let answer {
        _ = try? await answer.body.collect(upTo: 1 << 16)
        if (200..<300).contains(answer.status.code) { return true }
      }
      do { try await Task.sleep(for: pause) } catch { return false }
      pause *= 2
    }
    return false
  }
}
