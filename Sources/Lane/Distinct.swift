/// The messages of a batch without those whose id stands in it twice; the copies share the first one's fate.
struct Distinct<Message: Keyed> {
  private(set) var messages: [Message] = []
  /// For each message of the batch, where in `messages` it is.
  private var positions: [Int] = []

  init(_ all: [Message]) {
    messages.reserveCapacity(all.count)
    positions.reserveCapacity(all.count)
    var seen: [String: Int] = [:]
    seen.reserveCapacity(all.count)
    for message in all {
      if let position = seen[message.id], messages[position].time == message.time {
        positions.append(position)
      } else {
        seen[message.id] = messages.count
        positions.append(messages.count)
        messages.append(message)
      }
    }
  }

  func spread<T>(_ values: [T]) -> [T] { positions.map { values[$0] } }
}

extension Distinct: Equatable where Message: Equatable {}
extension Distinct: Hashable where Message: Hashable {}
