package import CoreMetrics
import NIOConcurrencyHelpers

/// The process's metrics, kept for `GET /metrics` in Prometheus' text format.
///
/// Counters get the ending `_total`; timers are in seconds; recorders and timers are histograms.
package final class MetricsRegistry: MetricsFactory, Sendable {
  private let families = NIOLockedValueBox<[String: Family]>([:])

  struct Family {
    var kind: Kind
    var series: [String: any Series] = [:]

    enum Kind: String { case counter, gauge, histogram }
  }

  package init() {}

  private func series<S: Series>(
    _ label: String, _ dimensions: [(String, String)], _ kind: Family.Kind, _ make: () -> S
  ) -> S {
    let key = Exposition.labels(dimensions)
    return families.withLockedValue { families in
      if let known = families[label]?.series[key] as? S { return known }
      let new = make()
      families[label, default: Family(kind: kind)].series[key] = new
      return new
    }
  }

  private func forget(_ gone: AnyObject) {
    families.withLockedValue { families in
      families = families.mapValues { family in
        var family = family
        family.series = family.series.filter { $0.value !== gone }
        return family
      }
    }
  }

  /// All of it, by name and labels.
  package var exposition: String {
    let families = self.families.withLockedValue { $0 }
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) where !family.series.isEmpty {
      text += "# TYPE \(name) \(family.kind.rawValue)\n"
      for (labels, series) in family.series.sorted(by: { $0.key < $1.key }) {
        series.write(name: name, labels: labels, into: &text)
      }
    }
    return text
  }

  // MARK: MetricsFactory

  package func makeCounter(label: String, dimensions: [(String, String)]) -> any CounterHandler {
    let name = Exposition.name(label)
    return series(name.hasSuffix("_total") ? name : name + "_total", dimensions, .counter) { CounterSeries() }
  }

  package func makeRecorder(
    label: String, dimensions: [(String, String)], aggregate: Bool
  ) -> any RecorderHandler {
    guard aggregate else { return series(Exposition.name(label), dimensions, .gauge) { GaugeSeries() } }
    return series(Exposition.name(label), dimensions, .histogram) {
      HistogramSeries(bounds: HistogramSeries.sizes)
    }
  }

  package func makeMeter(label: String, dimensions: [(String, String)]) -> any MeterHandler {
    series(Exposition.name(label), dimensions, .gauge) { GaugeSeries() }
  }

  package func makeTimer(label: String, dimensions: [(String, String)]) -> any TimerHandler {
    series(Exposition.name(label), dimensions, .histogram) {
      HistogramSeries(bounds: HistogramSeries.seconds)
    }
  }

  package func destroyCounter(_ handler: any CounterHandler) { forget(handler) }
  package func destroyRecorder(_ handler: any RecorderHandler) { forget(handler) }
  package func destroyMeter(_ handler: any MeterHandler) { forget(handler) }
  package func destroyTimer(_ handler: any TimerHandler) { forget(handler) }
}
