import Foundation
import Glibc
import JSON
import NIOPosix
import Testing

/// A client that speaks bytes, to say also what a good client would not.
final class RawClient: Sendable {
  private let descriptor: Int32

  init(port: Int) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
    var patience = timeval(tv_sec: 30, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    let isConnected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard isConnected else { throw POSIXError(.ECONNREFUSED) }
  }

  deinit { close(descriptor) }

  /// Runs blocking calls where they hold nobody up.
  static func blocking<T: Sendable>(_ body: @escaping @Sendable () throws -> T) async throws -> T {
    try await NIOThreadPool.singleton.runIfActive(body)
  }

  func write(_ bytes: [UInt8]) { _ = Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) }

  func read(_ count: Int) throws -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      var part = [UInt8](repeating: 0, count: count - bytes.count)
      let got = recv(descriptor, &part, part.count, 0)
      guard got > 0 else { throw POSIXError(.ECONNRESET) }
      bytes += part[0..<got]
    }
    return bytes
  }

  /// Asks for an upgrade and answers the head of the response.
  func open(_ path: String, token: String?) throws -> String {
    var head = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    head += "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
    if let token { head += "Authorization: Bearer \(token)\r\n" }
    write(Array((head + "\r\n").utf8))
    var answer: [UInt8] = []
    while !answer.suffix(4).elementsEqual("\r\n\r\n".utf8) { answer += try read(1) }
    return String(decoding: answer, as: UTF8.self)
  }

  /// The opcode and payload of the next frame of less than 64 kB.
  func frame() throws -> (opcode: UInt8, payload: [UInt8]) {
    let head = try read(2)
    var length = Int(head[1] & 0x7f)
    if length == 126 {
      let more = try read(2)
      length = Int(more[0]) << 8 | Int(more[1])
    }
    return (head[0] & 0x0f, try read(length))
  }

  func send(opcode: UInt8, _ text: String, isMasked: Bool = true) {
    let mask: [UInt8] = [1, 2, 3, 4]
    let payload = Array(text.utf8)
    var frame = [0x80 | opcode, UInt8(payload.count) | (isMasked ? 0x80 : 0)]
    if isMasked { frame += mask }
    frame += isMasked ? payload.enumerated().map { $1 ^ mask[$0 % 4] } : payload
    write(frame)
  }
}

struct WebSocketTests {
  @Test func `a socket brings notifications, answers pings and ends in peace`() async throws {
    try await Desk.with { desk in
      let token = try await desk.token("ann")
      let client = try RawClient(port: desk.port)
      let head = try await RawClient.blocking { try client.open("/ws/notifications", token: token) }
      #expect(head.hasPrefix("HTTP/1.1 101"))
      // RFC 6455, 1.3: what the key of the example must be answered with.
      #expect(head.lowercased().contains("sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo="))
      client.send(opcode: 9, "are you there")
      let pong = try await RawClient.blocking { try client.frame() }
      #expect(pong.opcode == 10 && pong.payload == Array("are you there".utf8))
      try await desk.tell("ann", "1")
      let news = try await RawClient.blocking { try client.frame() }
      #expect(news.opcode == 1 && (try? JSON.parse(news.payload))?["body"]["cause"] == "1")
      client.send(opcode: 8, "\u{3}\u{e8}")
      #expect(try await RawClient.blocking { try client.frame() }.opcode == 8)
    }
  }

  @Test func `a frame that is not masked ends the socket`() async throws {
    try await Desk.with { desk in
      let token = try await desk.token("ann")
      let client = try RawClient(port: desk.port)
      _ = try await RawClient.blocking { try client.open("/ws/notifications", token: token) }
      client.send(opcode: 1, "hello", isMasked: false)
      let end = try await RawClient.blocking { try client.frame() }
      #expect(end.opcode == 8 && end.payload == [0x03, 0xEA])
    }
  }

  @Test func `without a token there is no socket, and at other paths neither`() async throws {
    try await Desk.with { desk in
      let token = try await desk.token("ann")
      for (path, token, status) in [
        ("/ws/notifications", nil, "401"), ("/ws/notifications", "nonsense", "401"),
        ("/ws/notifications?last_event_id=x", token, "400"), ("/ws/other", token, "404"),
      ] {
        let client = try RawClient(port: desk.port)
        let head = try await RawClient.blocking { try client.open(path, token: token) }
        #expect(head.hasPrefix("HTTP/1.1 \(status)"), "\(path)")
      }
    }
  }
}
