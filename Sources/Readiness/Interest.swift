/// A descriptor and what is wanted of it.
package struct Interest: Sendable, Hashable {
  package enum Direction: Sendable, Hashable {
    case read, write, both
  }

  package var descriptor: Int32
  package var direction: Direction

  package static func readable(_ descriptor: Int32) -> Interest {
    Interest(descriptor: descriptor, direction: .read)
  }

  package static func writable(_ descriptor: Int32) -> Interest {
    Interest(descriptor: descriptor, direction: .write)
  }

  package static func both(_ descriptor: Int32) -> Interest {
    Interest(descriptor: descriptor, direction: .both)
  }
}
