import Glibc

/// The descriptors that have become ready; empty when the time was up.
package struct Ready: Sendable, Equatable {
  /// Those that can be read, or are broken: the next read tells which.
  package var readable: [Int32] = []
  /// Those that can be written, or are broken: the next write tells which.
  package var writable: [Int32] = []

  package var isEmpty: Bool { readable.isEmpty && writable.isEmpty }
}

/// Blocks the thread until a descriptor is ready or the time is up. A negative descriptor is passed over, `nil`
/// waits for ever, and interrupting signals are waited out.
package func wait(for interests: [Interest], timeout: Duration?) -> Ready {
  var entries = interests.map { pollfd(fd: $0.descriptor, events: $0.direction.events, revents: 0) }
  let clock = ContinuousClock()
  let deadline = timeout.map { clock.now + $0 }
  while true {
    let count = poll(&entries, nfds_t(entries.count), milliseconds(until: deadline, on: clock))
    if count > 0 { return ready(in: entries) }
    if count < 0, errno != EINTR { return Ready() }
    if let deadline, clock.now >= deadline { return Ready() }
  }
}

/// Rounded up, so that a wait of less than a millisecond does not spin.
private func milliseconds(until deadline: ContinuousClock.Instant?, on clock: ContinuousClock) -> Int32 {
  guard let deadline else { return -1 }
  let (seconds, attoseconds) = (deadline - clock.now).components
  if seconds < 0 || attoseconds < 0 { return 0 }
  if seconds >= 86_400 { return 86_400_000 }
  return Int32(seconds * 1000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
}

private func ready(in entries: [pollfd]) -> Ready {
  let broken = Int16(POLLERR) | Int16(POLLHUP) | Int16(POLLNVAL)
  var ready = Ready()
  for entry in entries where entry.revents != 0 {
    let events = Int32(entry.events)
    if entry.revents & (Int16(POLLIN) | broken) != 0, events & POLLIN != 0 {
      ready.readable.append(entry.fd)
    }
    if entry.revents & (Int16(POLLOUT) | broken) != 0, events & POLLOUT != 0 {
      ready.writable.append(entry.fd)
    }
  }
  return ready
}

extension Interest.Direction {
  fileprivate var events: Int16 {
    switch self {
    case .read: Int16(POLLIN)
    case .write: Int16(POLLOUT)
    case .both: Int16(POLLIN) | Int16(POLLOUT)
    }
  }
}
