import HTTPTypes
import Hummingbird
import HummingbirdCore
import JSON
import Logging
import NIOConcurrencyHelpers
import NIOCore
import NIOHTTP1
import NIOHTTPTypes
import NIOHTTPTypesHTTP1
import NIOWebSocket

/// A connection that speaks HTTP/1.1, or WebSocket when its first request asks for that at an endpoint.
struct UpgradableChannel: ServerChildChannel {
  let http: HTTP1Channel
  let endpoints: [WebSocketEndpoint]
  let authentication: Authentication
  let patience: ClientPatience

  struct Value: ServerChildChannelValue {
    let negotiated: EventLoopFuture<Negotiated>
    let channel: any Channel
  }

  enum Negotiated: Sendable {
    case http(NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart>)
    case webSocket(WebSocketSession)
  }

  func setup(channel: any Channel, logger: Logger) -> EventLoopFuture<Value> {
    channel.eventLoop.makeCompletedFuture {
      let operations = channel.pipeline.syncOperations
      try operations.addHandler(NegotiationDeadline(limit: patience.request), name: NegotiationDeadline.name)
      var configuration = NIOUpgradableHTTPServerPipelineConfiguration(
        upgradeConfiguration: .init(upgraders: [upgrader]) { channel in
          channel.eventLoop.makeCompletedFuture { .http(try speakHTTP(on: channel, logger)) }
        })
      configuration.enablePipelining = false
      configuration.decoderConfiguration.maxHeaderFieldSize = 16_384
      configuration.decoderConfiguration.maxHeaderListSize = 65_536
      configuration.decoderConfiguration.maxHeaderFieldCount = 100
      let negotiated = try operations.configureUpgradableHTTPServerPipeline(configuration: configuration)
      negotiated.whenComplete { _ in
        channel.pipeline.removeHandler(name: NegotiationDeadline.name, promise: nil)
      }
      return Value(negotiated: negotiated, channel: channel)
    }
  }

  private func speakHTTP(
    on channel: any Channel, _ logger: Logger
  ) throws -> NIOAsyncChannel<HTTPRequestPart, HTTPResponsePart> {
    let operations = channel.pipeline.syncOperations
    try operations.addHandler(HTTP1ToHTTPServerCodec(secure: false))
    try operations.addHandler(RequestDeadline(limit: patience.request))
    try operations.addHandler(HTTPConnectionStateHandler(idleTimeout: patience.idle, logger: logger))
    return try NIOAsyncChannel(
      wrappingChannelSynchronously: channel, configuration: .init(isOutboundHalfClosureEnabled: true))
  }

  /// Takes those whom the endpoint admits; anybody else is told why not, and the connection ends.
  private var upgrader: NIOTypedWebSocketServerUpgrader<Negotiated> {
    let admitted = NIOLockedValueBox<WebSocketEndpoint.Serve?>(nil)
    return NIOTypedWebSocketServerUpgrader(
      maxFrameSize: 4_096,
      shouldUpgrade: { channel, head in
        let promise = channel.eventLoop.makePromise(of: HTTPHeaders?.self)
        promise.completeWithTask {
          do {
            let guest = try await admit(head)
            admitted.withLockedValue { $0 = guest }
            return HTTPHeaders()
          } catch {
            let problem = Problem(error) ?? Problem(.internalServerError, "the gateway failed")
            try await Self.refuse(problem, on: channel)
            return nil
          }
        }
        return promise.futureResult
      },
      upgradePipelineHandler: { channel, _ in
        channel.eventLoop.makeCompletedFuture {
          guard let serve = admitted.withLockedValue({ $0 }) else {
            throw Problem.unauthorized("not admitted")
          }
          return .webSocket(
            WebSocketSession(
              channel: try NIOAsyncChannel(wrappingChannelSynchronously: channel), serve: serve))
        }
      })
  }

  /// Answers for HTTP: a request that has asked for another protocol gets no further through the pipeline.
  private static func refuse(_ problem: Problem, on channel: any Channel) async throws {
    let body = ByteBuffer(bytes: problem.json.bytes)
    var headers = HTTPHeaders(problem.headers.map { ($0.name.rawName, $0.value) })
    headers.add(name: "Content-Type", value: "application/problem+json")
    headers.add(name: "Content-Length", value: String(body.readableBytes))
    headers.add(name: "Connection", value: "close")
    let status = HTTPResponseStatus(statusCode: problem.status.code)
    let head = HTTPResponseHead(version: .http1_1, status: status, headers: headers)
    channel.write(HTTPServerResponsePart.head(head), promise: nil)
    channel.write(HTTPServerResponsePart.body(.byteBuffer(body)), promise: nil)
    try await channel.writeAndFlush(HTTPServerResponsePart.end(nil))
    try await channel.close()
  }

  private func admit(_ head: HTTPRequestHead) async throws -> WebSocketEndpoint.Serve {
    let request = Request(
      head: try HTTPRequest(head, secure: false, splitCookie: false), body: .init(buffer: ByteBuffer()))
    guard let endpoint = endpoints.first(where: { $0.path == request.uri.path }) else {
      throw Problem(.notFound, "there is no WebSocket at this path")
    }
    let caller = try await authentication.caller(of: request)
    return try await endpoint.admit(request, caller)
  }

  func handle(value: Value, logger: Logger) async {
    do {
      switch try await value.negotiated.get() {
      case .http(let channel): await http.handle(value: channel, logger: logger)
      case .webSocket(let session): try await session.run()
      }
    } catch {
      logger.trace("a connection ended: \(error)")
      value.channel.close(promise: nil)
    }
  }
}

/// Closes a connection on which no request has begun in time, or on which none has when the gateway stops.
private final class NegotiationDeadline: ChannelInboundHandler, RemovableChannelHandler {
  typealias InboundIn = Any

  static let name = "negotiation deadline"
  private let limit: TimeAmount
  private var deadline: Scheduled<Void>?

  init(limit: TimeAmount) {
    self.limit = limit
  }

  func handlerAdded(context: ChannelHandlerContext) {
    let channel = context.channel
    deadline = context.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
  }

  func handlerRemoved(context: ChannelHandlerContext) { deadline?.cancel() }

  func channelInactive(context: ChannelHandlerContext) {
    deadline?.cancel()
    context.fireChannelInactive()
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    if event is ChannelShouldQuiesceEvent { context.close(promise: nil) }
    context.fireUserInboundEventTriggered(event)
  }
}
