package import Gateway
import HTTPTypes
import Hummingbird
import JSON
package import ServiceLifecycle

/// `GET /api/v1/stream` (server-sent events) and `/ws/notifications` (WebSocket): the caller's notifications as they are
/// committed. Both go on after `Last-Event-ID`, or after the query parameter `last_event_id` where headers can't be set.
package struct StreamRoutes: Routes {
  private let feed: NewsFeed

  package init(_ feed: NewsFeed) {
    self.feed = feed
  }

  package var services: [any Service] { [feed] }

  package func add(to routes: GatewayRoutes) {
    routes.guarded.get("/api/v1/stream") { request, context in
      stream(to: context.caller.subject, after: try Self.position(of: request))
    }
    // Whoever gets here has not asked for a WebSocket, or not in the right way.
    routes.guarded.get("/ws/notifications") { request, _ -> Response in
      _ = try Self.position(of: request)
      throw Problem(
        .upgradeRequired, "this is a WebSocket: ask with Upgrade: websocket, version 13",
        headers: [.upgrade: "websocket", .connection: "upgrade"])
    }
  }

  package var sockets: [WebSocketEndpoint] {
    [
      WebSocketEndpoint(
        path: "/ws/notifications",
        admit: { [feed] request, caller in
          let start = try await feed.start(after: try Self.position(of: request))
          return { writer in
            try await feed.follow(caller.subject, after: start) { news in
              // The socket has pings of its own.
              if let news { try await writer.send(news.json.description) }
            }
          }
        })
    ]
  }

  private func stream(to user: String, after position: News.Position?) -> Response {
    Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: .init { [feed] writer in
        // One task writes, and this one waits for it.
        nonisolated(unsafe) let output = writer
        try await cancelWhenGracefulShutdown {
          try await feed.follow(user, after: position) { news in
            var writer = output
            try await writer.write(ByteBuffer(string: news?.serverSentEvent ?? ": still there\n\n"))
          }
        }
        try await writer.finish(nil)
      })
  }

  private static func position(of request: Request) throws -> News.Position? {
    let query = try Fields(query: request, known: ["last_event_id"])
    guard let text = try query.text("last_event_id") ?? request.headers[.lastEventId] else { return nil }
    guard let position = News.Position(text) else {
      throw Problem.invalid("last_event_id", "must be the id of an event of this stream")
    }
    return position
  }
}

extension News {
  /// JSON has no line break in it, so the data is one line.
  fileprivate var serverSentEvent: String { "id: \(position)\nevent: \(kind)\ndata: \(json)\n\n" }
}
