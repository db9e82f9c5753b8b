import Glibc

/// One of the process's own streams to write to.
package struct StandardStream: Sendable {
  let descriptor: Int32

  /// What became of a line.
  package enum Outcome: Equatable {
    case written
    /// Whoever read has seen enough: `crossdock … | head` closes the pipe.
    case readerIsGone
    case failed(errno: Int32)
  }

  package init(descriptor: Int32) { self.descriptor = descriptor }

  package func write(_ text: String) -> Outcome {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      switch (count, errno) {
      case (0..., _): rest = rest.dropFirst(count)
      case (_, EINTR): continue
      case (_, EAGAIN): waitForRoom()
      case (_, EPIPE): return .readerIsGone
      case (_, let error): return .failed(errno: error)
      }
    }
    return .written
  }

  /// A terminal or pipe that someone else has made non-blocking.
  private func waitForRoom() {
    var wanted = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
    _ = poll(&wanted, 1, -1)
  }

  /// Writes a line of the answer. Without anybody to read it the process ends as a shell shows a broken pipe.
  func printLine(_ line: String) {
    switch write(line + "\n") {
    case .written: return
    case .readerIsGone: exit(128 + SIGPIPE)
    case .failed(let error):
      _ = StandardStream(descriptor: STDERR_FILENO)
        .write("crossdock: the output can't be written: \(String(cString: strerror(error)))\n")
      exit(1)
    }
  }
}
