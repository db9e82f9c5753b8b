package import Time

/// Lines in an SVG picture of 100 by 24 units.
package enum Sparkline {
  /// The `d` of a path for these values, oldest first and at the right; nothing is drawn where a value is unknown.
  package static func path(_ values: [Double?], span: Int) -> String {
    let most = max(values.compactMap { $0 }.max() ?? 0, 1)
    var path = ""
    var isDrawing = false
    for (index, value) in values.enumerated() {
      guard let value else {
        isDrawing = false
        continue
      }
      let x = 100 - Double(values.count - 1 - index) * 100 / Double(max(span - 1, 1))
      path += (isDrawing ? "L" : "M") + "\(rounded(x)) \(rounded(23 - value / most * 22)) "
      isDrawing = true
    }
    return path
  }

  static func rounded(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths % 100 == 0 ? String(hundredths / 100) : "\(Double(hundredths) / 100)"
  }
}

/// Stock over time as steps, in an SVG picture of 600 by 160 units.
package struct StepChart {
  package struct Change: Equatable {
    package var time: Timestamp
    package var before: Int
    package var after: Int
    package var cause: String

    package init(time: Timestamp, before: Int, after: Int, cause: String) {
      self.time = time
      self.before = before
      self.after = after
      self.cause = cause
    }
  }

  package struct Dot: Equatable {
    package var x: String
    package var y: String
    package var title: String
  }

  package let path: String
  package let dots: [Dot]
  /// Where 0 is.
  package let zero: String
  package let most: Int
  package let least: Int

  /// `changes`: oldest first, at least one.
  package init(_ changes: [Change], until now: Timestamp) {
    let values = changes.flatMap { [$0.before, $0.after] } + [0]
    let (most, least) = (values.max() ?? 0, values.min() ?? 0)
    let start = changes.first?.time.millisecondsSince1970 ?? 0
    let span = Double(max(now.millisecondsSince1970 - start, 1))
    func x(_ time: Timestamp) -> Double {
      4 + Double(min(time.millisecondsSince1970 - start, Int64(span))) / span * 592
    }
    func y(_ value: Int) -> Double { 152 - Double(value - least) / Double(max(most - least, 1)) * 144 }
    let text = Sparkline.rounded
    var path = ""
    for (index, change) in changes.enumerated() {
      if index == 0 { path += "M\(text(x(change.time))) \(text(y(change.before)))" }
      path += "H\(text(x(change.time)))V\(text(y(change.after)))"
    }
    self.path = path + "H596"
    dots = changes.map { change in
      let difference = change.after - change.before
      return Dot(
        x: text(x(change.time)), y: text(y(change.after)),
        title: "\(change.cause): \(difference > 0 ? "+" : "")\(difference), then \(change.after)")
    }
    zero = text(y(0))
    self.most = most
    self.least = least
  }
}
