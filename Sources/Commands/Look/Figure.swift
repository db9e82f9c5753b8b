/// Figures as people read them, in at most six characters; '?' is unknown.
enum Figure {
  static func text(_ value: Int?) -> String {
    guard let value else { return "?" }
    switch value {
    case ..<100_000: return String(value)
    case ..<1_000_000: return "\(value / 1_000)k"
    default: return decimal(Double(value) / 1_000_000) + "M"
    }
  }

  static func text(_ value: Double?) -> String {
    guard let value else { return "?" }
    return value < 1_000 ? decimal(value) : text(Int(value))
  }

  /// A length of time in seconds: `12ms`, `3.4s`, `12m`, `7h`, `3d`.
  static func span(_ seconds: Double?) -> String {
    guard let seconds else { return "?" }
    switch seconds {
    case 0: return "0s"
    case ..<1: return "\(max(1, Int(seconds * 1_000)))ms"
    case ..<120: return decimal(seconds) + "s"
    case ..<7_200: return "\(Int(seconds / 60))m"
    case ..<172_800: return "\(Int(seconds / 3_600))h"
    default: return "\(Int(min(seconds / 86_400, 9_999)))d"
    }
  }

  /// The course of a figure, oldest first, between 0 and its highest.
  static func course(_ values: [Int?]) -> String {
    let steps = Array("▁▂▃▄▅▆▇█")
    let most = values.compactMap { $0 }.max() ?? 0
    return String(
      values.map { value in
        guard let value else { return " " }
        return most == 0 ? steps[0] : steps[min(steps.count - 1, value * (steps.count - 1) / most)]
      })
  }

  private static func decimal(_ value: Double) -> String {
    let rounded = (value * 10).rounded() / 10
    return rounded == rounded.rounded() ? String(Int(rounded)) : String(rounded)
  }
}
