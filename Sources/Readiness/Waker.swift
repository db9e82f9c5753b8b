import Glibc

/// Wakes a thread that waits in ``wait(for:timeout:)`` on `descriptor`; any thread may wake, any number of times.
package final class Waker: Sendable {
  /// Readable from the first `wake()` until `drain()`.
  package let descriptor: Int32
  private let writer: Int32

  /// Fails only when the process is out of file descriptors.
  package init() throws(ReadinessError) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw ReadinessError(operation: "open a pipe", code: errno) }
    (descriptor, writer) = (ends[0], ends[1])
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
  }

  deinit {
    close(descriptor)
    close(writer)
  }

  /// Makes `descriptor` readable. Safe in a signal handler.
  package func wake() {
    var byte: UInt8 = 1
    // A full pipe refuses the byte, and is readable already.
    while write(writer, &byte, 1) < 0, errno == EINTR {}
  }

  /// Takes back every `wake()` so far; look at the work that they announced after this call, not before.
  package func drain() {
    withUnsafeTemporaryAllocation(byteCount: 512, alignment: 1) { buffer in
      while true {
        let count = read(descriptor, buffer.baseAddress, buffer.count)
        if count > 0 || (count < 0 && errno == EINTR) { continue }
        return
      }
    }
  }
}
