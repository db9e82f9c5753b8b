package import AsyncHTTPClient
import Foundation
package import JSON
import NIOCore
import NIOHTTP1

/// RabbitMQ's management API, for what AMQP doesn't tell. Its figures are some 5 seconds old.
package struct Management: Sendable {
  private let client: HTTPClient
  private let url: String
  private let credentials: String?

  /// `url` may carry user and password.
  package init?(url: String, client: HTTPClient) {
    guard var parts = URLComponents(string: url), parts.host != nil else { return nil }
    credentials = parts.user.map { "\($0):\(parts.password ?? "")" }
      .map { Data($0.utf8).base64EncodedString() }
    parts.user = nil
    parts.password = nil
    guard let plain = parts.string else { return nil }
    self.url = plain.hasSuffix("/") ? String(plain.dropLast()) : plain
    self.client = client
  }

  struct Figures: Sendable {
    var unacked: Int?
    var inRate: Double?
    var outRate: Double?
  }

  /// Adds what the management knows; without an answer the figures stay unknown.
  package func complete(_ depths: [QueueDepth], virtualHost: String) async -> [QueueDepth] {
    guard let figures = try? await figures(of: virtualHost) else { return depths }
    return depths.map { depth in
      var depth = depth
      depth.unacked = figures[depth.name]?.unacked
      // What the lanes have measured is better than nothing, where the broker has no figures yet.
      depth.inRate = figures[depth.name]?.inRate ?? depth.inRate
      depth.outRate = figures[depth.name]?.outRate ?? depth.outRate
      return depth
    }
  }

  private func figures(of virtualHost: String) async throws -> [String: Figures] {
    let queues = try await get("queues", of: virtualHost).array
    return Dictionary(
      queues.compactMap { queue in queue["name"].text.map { ($0, Self.figures(of: queue)) } },
      uniquingKeysWith: { first, _ in first })
  }

  /// What the API answers to `GET /api/<path>`, or `GET /api/<path>/<virtual host>`.
  ///
  /// - Throws: `DeskError` for any other status than 200.
  package func get(_ path: String, of virtualHost: String? = nil) async throws -> JSON {
    let host = virtualHost.map {
      "/" + ($0.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? $0)
    }
    var request = HTTPClientRequest(url: "\(url)/api/\(path)\(host ?? "")")
    if let credentials { request.headers.add(name: "authorization", value: "Basic \(credentials)") }
    let response = try await client.execute(request, timeout: .seconds(5))
    guard response.status == .ok else {
      throw DeskError("the management API answered \(response.status.code) to /api/\(path)")
    }
    let body = try await response.body.collect(upTo: 32 << 20)
    return try JSON.parse(Array(body.readableBytesView))
  }

  private static func figures(of queue: JSON) -> Figures {
    func rate(_ name: String) -> Double? {
      queue["message_stats"][name + "_details"]["rate"].text.flatMap { Double($0) }
    }
    return Figures(
      unacked: queue["messages_unacknowledged"].integer.map { Int($0) }, inRate: rate("publish"),
      outRate: rate("ack"))
  }
}
