import Dashboard
import Foundation
import Gateway
import JSON
import Testing
import Time

struct PipelineAlertsTests {
  static let well: JSON = [
    "scheduler": ["running": true], "outbox": ["messages": 0, "oldest_age_seconds": 0], "feeds": [],
  ]

  static func queue(
    _ name: String, ready: Int, consumers: Int = 1, into: Double = 0, out: Double? = nil, dead: Int = 0
  ) -> JSON {
    [
      "queue": .string("crossdock." + name), "ready": .integer(ready), "consumers": .integer(consumers),
      "in_per_second": .init(floatLiteral: into),
      "out_per_second": out.map { .init(floatLiteral: $0) } ?? .null,
      "dead_letters": .integer(dead),
    ]
  }

  @Test func `when all is well there is no alert`() {
    let queues = [Self.queue("order-sync", ready: 40, into: 10, out: 10)]
    #expect(PipelineAlerts.all(queues: queues, monitor: Self.well).isEmpty)
  }

  @Test func `what is unknown is no alert`() {
    let queues: [JSON] = [
      ["queue": "crossdock.poll", "ready": .null, "consumers": .null, "dead_letters": .null]
    ]
    #expect(PipelineAlerts.all(queues: queues, monitor: .null).isEmpty)
  }

  @Test(arguments: [
    (queue("order-sync", ready: 3, consumers: 0), "Nobody consumes order-sync: 3 messages wait", true),
    (
      queue("messaging", ready: 12_000, into: 30, out: 10), "messaging falls behind: 12\u{202f}000 wait", true
    ),
    (queue("messaging", ready: 12_000, into: 10, out: 30), "it drains in 10 min", false),
    (queue("disputes", ready: 0, dead: 2), "disputes has 2 dead letters", false),
    (queue("unrouted", ready: 1, consumers: 0), "1 events have no queue", false),
  ])
  func `a queue in trouble is said in words`(queue: JSON, words: String, isSerious: Bool) throws {
    let alert = try #require(PipelineAlerts.all(queues: [queue], monitor: Self.well).first)
    #expect(alert.text.contains(words), "\(alert.text)")
    #expect(alert.isSerious == isSerious)
  }

  @Test func `a queue that is late is said with what more lanes would do`() throws {
    var queue = Self.queue("order-sync", ready: 12_000, into: 30, out: 10)
    queue["drains"] = [
      ["lanes": 1, "seconds": .null], ["lanes": 2, "seconds": 840], ["lanes": 6, "seconds": 300],
    ]
    let alert = try #require(PipelineAlerts.all(queues: [queue], monitor: Self.well).first)
    #expect(
      alert.text.hasSuffix("it drains never with 1 lane, in 14 min with 2 lanes, in 5 min with 6 lanes."),
      "\(alert.text)")
  }

  @Test func `an open breaker is said`() throws {
    var monitor = Self.well
    monitor["breakers"] = [
      ["connection": "main", "platform": "allegro", "error_class": "unauthorised", "failures": 5]
    ]
    let alert = try #require(PipelineAlerts.all(queues: [], monitor: monitor).first)
    #expect(alert.text.contains("main (allegro) is not called") && alert.isSerious)
  }

  @Test func `a scheduler that is not there, an old outbox and a failing feed are said`() {
    let monitor: JSON = [
      "scheduler": ["running": false], "outbox": ["oldest_age_seconds": 240],
      "feeds": [["connection": "main", "feed": "orders", "status": "failing", "last_error": "401"]],
    ]
    let texts = PipelineAlerts.all(queues: [], monitor: monitor).map(\.text)
    #expect(texts.count == 3)
    #expect(
      texts[0].contains("No scheduler") && texts[1].contains("4 min") && texts[2].contains("main, orders"))
  }
}

struct PipelinePictureTests {
  @Test func `every queue is a box with its pace and what waits, and late ones stand out`() throws {
    let queues = [
      PipelineAlertsTests.queue("order-sync", ready: 1_500, out: 12),
      PipelineAlertsTests.queue("push", ready: 0, out: 3),
    ]
    let picture = PipelinePicture(queues: queues, monitor: PipelineAlertsTests.well)
    #expect(
      picture.boxes.map(\.name) == [
        "feeds", "poll", "outbox → events", "stock-ledger", "order-sync", "messaging", "disputes",
        "propagation",
        "push",
      ])
    let late = try #require(picture.boxes.first { $0.isLate })
    #expect(late.name == "order-sync" && late.pace == "12/s" && late.waiting == "1\u{202f}500 wait")
    #expect(picture.boxes.first { $0.name == "poll" }?.pace == "–/s", "unknown is no 0")
    #expect(picture.arrows.count == 8)
    #expect(picture.boxes.allSatisfy { $0.x + 150 <= 1_000 && $0.y + 50 <= 340 })
  }
}

struct ChartTests {
  @Test func `a line ends at the right, scales to its most and breaks where nothing is known`() {
    #expect(Sparkline.path([0, 10, nil, 5], span: 4) == "M0 23 L33.33 1 M100 12 ")
    #expect(Sparkline.path([], span: 10).isEmpty)
  }

  @Test func `stock goes in steps, also below zero`() {
    let start = Timestamp(secondsSince1970: 1_000)
    let chart = StepChart(
      [
        .init(time: start, before: 0, after: 3, cause: "topup"),
        .init(time: start + .seconds(50), before: 3, after: -1, cause: "order created"),
      ], until: start + .seconds(100))
    #expect(chart.most == 3 && chart.least == -1)
    #expect(chart.path == "M4 116H4V8H300V152H596")
    #expect(chart.dots.map(\.title) == ["topup: +3, then 3", "order created: -4, then -1"])
    #expect(chart.zero == "116")
  }
}

struct ShownTests {
  @Test(arguments: [
    (0.0, "0"), (7.0, "7"), (0.25, "0.3"), (12.0, "12"), (1_234.5, "1\u{202f}235"),
    (1_234_567.0, "1\u{202f}234\u{202f}567"),
    (-3.0, "−3"), (-0.5, "−0.5"),
  ])
  func `numbers are short`(value: Double, text: String) {
    #expect(Shown.number(value) == text)
  }

  @Test func `what is unknown is a dash, never 0`() {
    #expect(Shown.number(JSON.null) == "–")
    #expect(Shown.number(JSON.integer(0)) == "0")
  }
}

struct SignInLinkTests {
  let links = SignInLink(secret: "a long random text")
  let caller = Caller(subject: "anna", role: .operator)

  @Test func `a link names its caller, for a quarter of an hour`() throws {
    let link = links.make(for: caller)
    #expect(try #require(links.read(link)).caller == caller)
    #expect(links.read(link, now: Date().addingTimeInterval(901)) == nil)
  }

  @Test func `every link is another one`() throws {
    let (first, second) = (links.make(for: caller), links.make(for: caller))
    #expect(try #require(links.read(first)).once != #require(links.read(second)).once)
  }

  @Test func `a link of another secret, or a changed one, is none`() {
    let link = links.make(for: caller)
    #expect(SignInLink(secret: "another").read(link) == nil)
    #expect(links.read("x" + link) == nil)
    #expect(links.read(String(link.dropLast())) == nil)
    #expect(links.read("") == nil)
  }
}
