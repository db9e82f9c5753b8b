import Events
import Foundation

/// The orders of one batch with their versions, in the order of locks.
struct Arrivals {
  struct Arrival {
    let name: OrderName
    /// In the order in which they came, with the index of their message.
    fileprivate(set) var versions: [(version: OrderVersion, message: Int)] = []
    /// The state that these versions alone would make.
    fileprivate(set) var state = OrderState()
  }

  private var all: [Arrival] = []
  private var positions: [OrderName: Int] = [:]

  var sorted: [Arrival] { all.sorted { $0.name < $1.name } }

  mutating func add(_ version: OrderVersion, of name: OrderName, from message: Int) {
    let position = positions[name] ?? all.count
    if position == all.count {
      all.append(Arrival(name: name))
      positions[name] = position
    }
    all[position].versions.append((version, message))
    all[position].state.take(version)
  }
}
