package import JSON

/// The pipeline as a picture of 1000 by 330 units: boxes from the marketplaces' feeds to the pushes, with what passes
/// through each in a second and what waits there. A pure function of what the API says.
package struct PipelinePicture {
  package struct Box: Equatable {
    package var name: String
    package var x: Int
    package var y: Int
    /// What passes, and what waits.
    package var pace: String
    package var waiting: String
    package var isLate: Bool
  }

  package struct Arrow: Equatable {
    package var path: String
  }

  package let boxes: [Box]
  package let arrows: [Arrow]

  private static let width = 150
  private static let height = 50
  private static let consumers = ["stock-ledger", "order-sync", "messaging", "disputes", "propagation"]

  /// `queues` as `/api/v1/queues` gives them, `monitor` as the data of `/api/v1/sync/monitor/status`.
  package init(queues: [JSON], monitor: JSON) {
    func box(_ name: String, _ x: Int, _ y: Int) -> Box {
      let queue = queues.first { $0["queue"].text?.hasSuffix("." + name) == true } ?? .null
      let ready = queue["ready"].text.flatMap { Double($0) } ?? 0
      return Box(
        name: name, x: x, y: y, pace: "\(Shown.number(queue["out_per_second"]))/s",
        waiting: "\(Shown.number(queue["ready"])) wait", isLate: ready >= 1_000)
    }
    let feeds = monitor["feeds"].array
    let bad = feeds.filter { ["failing", "stopped"].contains($0["status"].text) }
    let packets = monitor["outbox"]["messages"]
    let middle = 140
    let source = Box(
      name: "feeds", x: 10, y: middle, pace: "\(feeds.count) feeds", waiting: "\(bad.count) fail",
      isLate: !bad.isEmpty)
    let poll = box("poll", 215, middle)
    let outbox = Box(
      name: "outbox → events", x: 420, y: middle, pace: "", waiting: "\(Shown.number(packets)) wait",
      isLate: (monitor["outbox"]["oldest_age_seconds"].text.flatMap { Double($0) } ?? 0) > 60)
    let readers = Self.consumers.enumerated().map { box($1, 635, 10 + $0 * 65) }
    let push = box("push", 840, middle + 130)
    boxes = [source, poll, outbox] + readers + [push]
    arrows =
      [Self.arrow(source, poll), Self.arrow(poll, outbox)] + readers.map { Self.arrow(outbox, $0) }
      + (readers.last.map { [Self.arrow($0, push)] } ?? [])
  }

  /// From the right side of a box to the left side of another.
  private static func arrow(_ from: Box, _ to: Box) -> Arrow {
    let (x1, y1) = (from.x + width, from.y + height / 2)
    let (x2, y2) = (to.x, to.y + height / 2)
    let bend = (x1 + x2) / 2
    return Arrow(path: "M\(x1) \(y1)C\(bend) \(y1) \(bend) \(y2) \(x2 - 6) \(y2)l-6 -4v8l6 -4")
  }

  var values: [String: Any] {
    [
      "arrows": arrows.map(\.path),
      "boxes": boxes.map { box in
        [
          "name": box.name, "x": String(box.x), "y": String(box.y), "tx": String(box.x + Self.width / 2),
          "nameY": String(box.y + 20), "figuresY": String(box.y + 39), "isLate": box.isLate,
          "figures": [box.pace, box.waiting].filter { !$0.isEmpty }.joined(separator: ", "),
        ] as [String: Any]
      },
    ]
  }
}
