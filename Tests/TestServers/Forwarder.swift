import Foundation
import Glibc

/// A way to a server through this process, on which a test can cut and stall connections.
package final class Forwarder: Sendable {
  /// The port on 127.0.0.1 to connect to.
  package let port: Int
  private let listener: Int32
  private let target: Int
  private let state = NSLock()
  nonisolated(unsafe) private var links: [(client: Int32, server: Int32)] = []
  nonisolated(unsafe) private var allowance = Int.max
  nonisolated(unsafe) private var isStopped = false

  /// Leads to the broker of `AMQP_URL`; its URL by this way is `url`.
  package static func toBroker() throws -> (forwarder: Forwarder, url: String) {
    let url = try TestServers.amqpURL
    guard var parts = URLComponents(string: url) else { throw MissingServer(variable: "AMQP_URL") }
    let forwarder = try Forwarder(to: parts.port ?? 5672)
    parts.host = "127.0.0.1"
    parts.port = forwarder.port
    return (forwarder, parts.string ?? url)
  }

  /// Leads to `target` on 127.0.0.1.
  package init(to target: Int) throws {
    self.target = target
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    self.listener = listener
    var address = Self.address(port: 0)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
        bind(listener, pointer, size) == 0 && listen(listener, 16) == 0
          && getsockname(listener, pointer, &size) == 0
      }
    }
    guard bound else { throw POSIXError(POSIXErrorCode(rawValue: errno) ?? .EINVAL) }
    port = Int(UInt16(bigEndian: address.sin_port))
    Thread { [self] in run() }.start()
  }

  /// Ends every connection, as a broken network does, and takes no more.
  package func stop() {
    state.withLock { isStopped = true }
  }

  /// Ends every connection; new ones are taken.
  package func cut() {
    state.withLock {
      for link in links {
        shutdown(link.client, Int32(SHUT_RDWR))
        shutdown(link.server, Int32(SHUT_RDWR))
      }
    }
  }

  /// From now on lets so many bytes come from the server, and then none; 0 stalls it, `Int.max` lets it go on.
  package func allow(fromServer bytes: Int) {
    state.withLock { allowance = bytes }
  }

  private func run() {
    while !state.withLock({ isStopped }) {
      let links = state.withLock { self.links }
      let fromServer = state.withLock { allowance > 0 }
      var entries = [pollfd(fd: listener, events: Int16(POLLIN), revents: 0)]
      for link in links {
        entries.append(pollfd(fd: link.client, events: Int16(POLLIN), revents: 0))
        entries.append(pollfd(fd: fromServer ? link.server : -1, events: Int16(POLLIN), revents: 0))
      }
      guard poll(&entries, nfds_t(entries.count), 5) > 0 else { continue }
      if entries[0].revents != 0 { accept() }
      for (index, link) in links.enumerated() {
        if entries[1 + 2 * index].revents != 0, !pass(from: link.client, to: link.server, limit: .max) {
          drop(link)
        } else if entries[2 + 2 * index].revents != 0 {
          let limit = state.withLock { allowance }
          if !pass(from: link.server, to: link.client, limit: limit) { drop(link) }
        }
      }
    }
    for link in links { drop(link) }
    close(listener)
  }

  private func accept() {
    let client = Glibc.accept(listener, nil, nil)
    let server = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = Self.address(port: target)
    let connected = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(server, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
      }
    }
    guard client >= 0, connected else {
      close(client)
      close(server)
      return
    }
    state.withLock { links.append((client, server)) }
  }

  private func pass(from source: Int32, to target: Int32, limit: Int) -> Bool {
    var bytes = [UInt8](repeating: 0, count: min(limit, 65_536))
    let count = read(source, &bytes, bytes.count)
    guard count > 0 else { return false }
    if limit != .max { state.withLock { allowance -= count } }
    var sent = 0
    while sent < count {
      let written = bytes[sent..<count].withUnsafeBytes {
        send(target, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard written > 0 else { return false }
      sent += written
    }
    return true
  }

  private func drop(_ link: (client: Int32, server: Int32)) {
    state.withLock { links.removeAll { $0.client == link.client } }
    close(link.client)
    close(link.server)
  }

  private static func address(port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = in_addr_t(UInt32(0x7f00_0001).bigEndian)
    return address
  }
}
