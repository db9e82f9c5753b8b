import HTTPTypes
import HummingbirdCore
import Logging
import NIOCore
import Time

/// The door between HTTP and the shops: finds the one that is meant, and lets its answer travel as it should.
///
/// It writes the responses itself: a `Date` header must tell when the state was read, and a connection must
/// be able to end before the first byte.
struct Front: Sendable {
  let accounts: [Account]
  let control: Control
  let logger: Logger

  init(accounts: [Account], logger: Logger) {
    self.accounts = accounts
    self.logger = logger
    control = Control(accounts: accounts)
  }

  func respond(
    to incoming: HummingbirdCore.Request, writer: consuming ResponseWriter, localAddress: SocketAddress?
  ) async throws {
    let origin = "http://127.0.0.1:\(localAddress?.port ?? 0)"
    let response = await answer(try await read(incoming), origin: origin)
    let body = ByteBuffer(bytes: response.body)
    switch response.passage {
    case .cut: throw ConnectionCut()
    case .truncated:
      var body = try await writer.writeHead(head(of: response))
      try await body.write(ByteBuffer(bytes: response.body.prefix(response.body.count / 2)))
      throw ConnectionCut()
    case .slow(let duration):
      try await Task.sleep(for: duration)
      try await writer.write(response: head(of: response), body: ResponseBody(byteBuffer: body))
    case .whole:
      try await writer.write(response: head(of: response), body: ResponseBody(byteBuffer: body))
    }
  }

  private func answer(_ request: Request?, origin: String) async -> Response {
    let now = Timestamp.now()
    guard var request else { return Response(413, readAt: now) }
    if let answer = await control.answer(request, origin: origin) { return answer }
    for account in accounts {
      let prefix = account.prefix.split(separator: "/").map(String.init)
      guard request.path.starts(with: prefix) else { continue }
      request.path.removeFirst(prefix.count)
      return await account.answer(request, at: .now())
    }
    return Response(
      404, headers: [("Content-Type", "text/plain; charset=utf-8")],
      body: Array("No shop lives here. GET /control/accounts names them.\n".utf8), readAt: now)
  }

  /// The request with its body; nil when that is too large.
  private func read(_ incoming: HummingbirdCore.Request) async throws -> Request? {
    var headers: [String: String] = [:]
    for field in incoming.headers { headers[field.name.canonicalName] = field.value }
    let target = incoming.head.path ?? "/"
    do {
      let body = try await incoming.body.collect(upTo: 1 << 20)
      return Request(
        incoming.method.rawValue, target, headers: headers, body: Array(body.readableBytesView))
    } catch is NIOTooManyBytesError {
      return nil
    }
  }

  private func head(of response: Response) -> HTTPResponse {
    var head = HTTPResponse(status: .init(code: response.status))
    for (name, value) in response.headers {
      if let name = HTTPField.Name(name) { head.headerFields.append(HTTPField(name: name, value: value)) }
    }
    head.headerFields[.date] = response.readAt.httpDate
    head.headerFields[.contentLength] = String(response.body.count)
    return head
  }

  /// Ends the connection where it stands; never seen by anyone but the server.
  private struct ConnectionCut: Error {}
}
