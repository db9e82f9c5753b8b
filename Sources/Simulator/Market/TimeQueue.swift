import Time

/// What is yet to come, the earliest first; of the same moment, the first that was added.
struct TimeQueue<Element: Sendable>: Sendable {
  private struct Entry: Sendable {
    var time: Timestamp
    let turn: Int
    let element: Element

    func precedes(_ other: Entry) -> Bool {
      time != other.time ? time < other.time : turn < other.turn
    }
  }

  private var heap: [Entry] = []
  private var turns = 0

  var count: Int { heap.count }

  mutating func add(_ element: Element, at time: Timestamp) {
    heap.append(Entry(time: time, turn: turns, element: element))
    turns += 1
    var child = heap.count - 1
    while child > 0 {
      let parent = (child - 1) / 2
      guard heap[child].precedes(heap[parent]) else { return }
      heap.swapAt(child, parent)
      child = parent
    }
  }

  /// Takes the earliest out, if its time has come.
  mutating func next(until now: Timestamp) -> (time: Timestamp, element: Element)? {
    guard let first = heap.first, first.time <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while true {
      var earliest = parent
      for child in [2 * parent + 1, 2 * parent + 2]
      where child < heap.count && heap[child].precedes(heap[earliest]) {
        earliest = child
      }
      if earliest == parent { return (first.time, first.element) }
      heap.swapAt(parent, earliest)
      parent = earliest
    }
  }

  /// Puts everything off by the same time.
  mutating func postpone(by duration: Duration) {
    for index in heap.indices { heap[index].time = heap[index].time + duration }
  }
}
