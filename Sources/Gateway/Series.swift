import CoreMetrics
import NIOConcurrencyHelpers

/// One metric with one set of labels.
protocol Series: AnyObject, Sendable {
  func write(name: String, labels: String, into text: inout String)
}

/// A figure that only grows.
final class CounterSeries: Series, CounterHandler {
  private let value = NIOLockedValueBox<Int64>(0)

  func increment(by amount: Int64) {
    value.withLockedValue { $0 = $0.addingReportingOverflow(amount).partialValue }
  }

  func reset() { value.withLockedValue { $0 = 0 } }

  func write(name: String, labels: String, into text: inout String) {
    text += "\(name)\(Exposition.braced(labels)) \(value.withLockedValue { $0 })\n"
  }
}

/// A figure that goes up and down.
final class GaugeSeries: Series, MeterHandler, RecorderHandler {
  private let value = NIOLockedValueBox(0.0)

  func set(_ value: Int64) { set(Double(value)) }
  func set(_ value: Double) { self.value.withLockedValue { $0 = value } }
  func increment(by amount: Double) { value.withLockedValue { $0 += amount } }
  func decrement(by amount: Double) { value.withLockedValue { $0 -= amount } }
  func record(_ value: Int64) { set(value) }
  func record(_ value: Double) { set(value) }

  func write(name: String, labels: String, into text: inout String) {
    text += "\(name)\(Exposition.braced(labels)) \(Exposition.number(value.withLockedValue { $0 }))\n"
  }
}

/// How often a figure fell below each bound, with count and sum.
final class HistogramSeries: Series, RecorderHandler, TimerHandler {
  static let seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]
  static let sizes = [1.0, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000]

  private struct State {
    var counts: [Int]
    var count = 0
    var sum = 0.0
  }

  private let bounds: [Double]
  private let state: NIOLockedValueBox<State>

  init(bounds: [Double]) {
    self.bounds = bounds
    state = NIOLockedValueBox(State(counts: Array(repeating: 0, count: bounds.count)))
  }

  func record(_ value: Int64) { record(Double(value)) }

  func record(_ value: Double) {
    let bucket = bounds.firstIndex { value <= $0 }
    state.withLockedValue { state in
      if let bucket { state.counts[bucket] += 1 }
      state.count += 1
      state.sum += value
    }
  }

  func recordNanoseconds(_ duration: Int64) { record(Double(duration) / 1e9) }

  func write(name: String, labels: String, into text: inout String) {
    let state = self.state.withLockedValue { $0 }
    var below = 0
    let front = labels.isEmpty ? "" : labels + ","
    for (bound, count) in zip(bounds, state.counts) {
      below += count
      text += "\(name)_bucket{\(front)le=\"\(Exposition.number(bound))\"} \(below)\n"
    }
    text += "\(name)_bucket{\(front)le=\"+Inf\"} \(state.count)\n"
    text += "\(name)_sum\(Exposition.braced(labels)) \(Exposition.number(state.sum))\n"
    text += "\(name)_count\(Exposition.braced(labels)) \(state.count)\n"
  }
}
