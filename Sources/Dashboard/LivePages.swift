import Foundation
package import Gateway
import HTTPTypes
import Hummingbird
package import Logging
import NIOConcurrencyHelpers
import NIOCore
package import ServiceLifecycle

/// `GET /live?page=/stock`: a page of the dashboard as server-sent events, again whenever it has changed. However many
/// look at a page, it is made once for all who see the same.
package struct LivePages: Routes {
  private let authenticator: Authenticator
  private let views: Views
  private let audience: LiveAudience
  private let renderer: LiveRenderer

  package init(_ dashboard: Dashboard, logger: Logger) {
    authenticator = dashboard.authenticator
    views = dashboard.views
    audience = LiveAudience()
    renderer = LiveRenderer(
      audience: audience, authenticator: dashboard.authenticator, pages: PageSource(dashboard), logger: logger
    )
  }

  package var services: [any Service] { [renderer] }

  package func add(to routes: GatewayRoutes) {
    let pages = routes.open.group().add(middleware: SignedIn(authenticator: authenticator, views: views))
      .group(context: CallerContext.self)
    pages.get("/live") { request, context in try await stream(request, context) }
  }

  private func stream(_ request: Request, _ context: CallerContext) async throws -> Response {
    try SessionCookie.refuseForeign(request)
    guard let path = request.query("page"), path.hasPrefix("/"), !path.hasPrefix("//"),
      path.utf8.count < 2_000
    else { throw Problem.invalid("page", "must be the path of a page of the dashboard") }
    let viewer = LiveViewer(
      caller: context.caller, token: request.cookies[SessionCookie.name]?.value ?? "", path: path,
      context: context)
    // Whoever may not see the page, or asks for one that there is not, is told so at once.
    let first = try await renderer.first(of: viewer)
    guard let (number, changes) = audience.enter(viewer) else {
      throw Problem.unavailable("too many pages are open", retryAfter: 30)
    }
    return Response(
      status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"],
      body: .init { [audience] writer in
        defer { audience.leave(number) }
        try await writer.write(first)
        // One task writes, and this one waits for it.
        nonisolated(unsafe) var output = writer
        try await cancelWhenGracefulShutdown {
          for await change in changes { try await output.write(change) }
        }
        try await output.finish(nil)
      })
  }
}

/// Somebody who has a page open.
struct LiveViewer: Sendable {
  var caller: Caller
  var token: String
  var path: String
  var context: CallerContext

  /// What two viewers must have in common to see the same.
  struct Sight: Hashable, Sendable {
    var path: String
    /// Nil for who sees everything.
    var owner: String?
  }

  var sight: Sight { Sight(path: path, owner: caller.owner) }
}

/// All who have a page open. Each has at most one change waiting, the newest, so that slow ones hold nothing up.
final class LiveAudience: Sendable {
  static let limit = 500

  private struct Seat {
    var viewer: LiveViewer
    var changes: AsyncStream<ByteBuffer>.Continuation
  }

  private struct State {
    var seats: [Int: Seat] = [:]
    var next = 0
  }

  private let state = NIOLockedValueBox(State())

  /// Nil when it is full.
  func enter(_ viewer: LiveViewer) -> (number: Int, changes: AsyncStream<ByteBuffer>)? {
    let (changes, continuation) = AsyncStream.makeStream(
      of: ByteBuffer.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLockedValue { state -> Int? in
      guard state.seats.count < Self.limit else { return nil }
      state.next += 1
      state.seats[state.next] = Seat(viewer: viewer, changes: continuation)
      return state.next
    }
    return number.map { ($0, changes) }
  }

  /// Also ends its stream.
  func leave(_ number: Int) {
    state.withLockedValue { $0.seats.removeValue(forKey: number) }?.changes.finish()
  }

  var viewers: [Int: LiveViewer] { state.withLockedValue { $0.seats.mapValues(\.viewer) } }

  func send(_ change: ByteBuffer, to numbers: [Int]) {
    let seats = state.withLockedValue { state in numbers.compactMap { state.seats[$0] } }
    for seat in seats { seat.changes.yield(change) }
  }
}

/// Makes the pages that are looked at anew, all of them one after the other, and hands on what has changed. However many
/// there are, a twentieth of one core's time is all that it takes.
final class LiveRenderer: Service {
  static let pause = Duration.seconds(2)
  static let share = 20
  static let heartbeat = Duration.seconds(15)

  private let audience: LiveAudience
  private let authenticator: Authenticator
  private let pages: PageSource
  private let logger: Logger
  private let seen = NIOLockedValueBox<[LiveViewer.Sight: Seen]>([:])

  private struct Seen {
    var event: ByteBuffer
    var sentAt: ContinuousClock.Instant
  }

  init(audience: LiveAudience, authenticator: Authenticator, pages: PageSource, logger: Logger) {
    self.audience = audience
    self.authenticator = authenticator
    self.pages = pages
    self.logger = logger
  }

  func run() async throws {
    await cancelWhenGracefulShutdown { [self] in
      while !Task.isCancelled {
        let took = await ContinuousClock().measure { await renew() }
        try? await Task.sleep(for: max(Self.pause, took * Self.share))
      }
    }
    for number in audience.viewers.keys { audience.leave(number) }
  }

  /// What a viewer is shown first: what the others see already, or else the page made now.
  func first(of viewer: LiveViewer) async throws -> ByteBuffer {
    if let known = seen.withLockedValue({ $0[viewer.sight] }) { return known.event }
    return try await pages.event(for: viewer)
  }

  private func renew() async {
    var viewers: [LiveViewer.Sight: [Int: LiveViewer]] = [:]
    for (number, viewer) in audience.viewers {
      // A session that is over ends its streams.
      guard (try? await authenticator.caller(of: viewer.token)) == viewer.caller else {
        audience.leave(number)
        continue
      }
      viewers[viewer.sight, default: [:]][number] = viewer
    }
    seen.withLockedValue { seen in seen = seen.filter { viewers[$0.key] != nil } }
    for (sight, viewers) in viewers { await renew(sight, viewers) }
  }

  private func renew(_ sight: LiveViewer.Sight, _ viewers: [Int: LiveViewer]) async {
    guard let viewer = viewers.values.first else { return }
    let event: ByteBuffer
    do { event = try await pages.event(for: viewer) } catch {
      // The page comes again when it can be made again; its figures say how old they are.
      logger.debug("a page that is looked at can't be made: \(error)", metadata: ["page": "\(sight.path)"])
      return
    }
    let now = ContinuousClock.now
    let change = seen.withLockedValue { seen -> ByteBuffer? in
      if let known = seen[sight], known.event == event {
        guard now - known.sentAt >= Self.heartbeat else { return nil }
        seen[sight]?.sentAt = now
        return ByteBuffer(string: "event: same\ndata:\n\n")
      }
      seen[sight] = Seen(event: event, sentAt: now)
      return event
    }
    if let change { audience.send(change, to: Array(viewers.keys)) }
  }
}

/// The dashboard's own pages, as events.
struct PageSource: Sendable {
  private let responder: RouterResponder<GatewayContext>

  init(_ dashboard: Dashboard) {
    let router = Router(context: GatewayContext.self)
    dashboard.addPages(to: router.group())
    responder = router.buildResponder()
  }

  /// The page that a viewer looks at, without the frame, which names who looks.
  func event(for viewer: LiveViewer) async throws -> ByteBuffer {
    let cookie = "\(SessionCookie.name)=\(viewer.token)"
    let head = HTTPRequest(
      method: .get, scheme: nil, authority: nil, path: viewer.path, headerFields: [.cookie: cookie])
    let request = Request(head: head, body: .init(buffer: ByteBuffer()))
    let response = try await responder.respond(to: request, context: GatewayContext(beside: viewer.context))
    guard response.status == .ok else { throw Problem(response.status, "the page can't be shown") }
    let page = String(decoding: try await response.body.bytes(), as: UTF8.self)
    guard let main = Views.main(of: page) else { throw Problem.notFound("page that is live") }
    var event = ByteBuffer(string: "event: page\n")
    for line in main.split(whereSeparator: \.isNewline) { event.writeString("data: \(line)\n") }
    event.writeString("\n")
    return event
  }
}
