import ArgumentParser
import JSON
import Settings

/// `crossdock doctor`
struct Doctor: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks settings and servers; one line each, with the remedy.",
    discussion: """
      'FAIL' must be mended, and makes the exit status 1; '?' could not be looked at, and says how it could. With
      AMQP_MANAGEMENT_URL also the broker's policies, bindings and alarms are looked at; each enabled marketplace
      account is called once.

      EXAMPLE
        crossdock doctor
      """)

  @OptionGroup var settings: SettingsOptions
  @OptionGroup var format: FormatOptions

  func run() async throws {
    let settings = try settings.load()
    let findings = await Examination(settings: settings).findings()
    let json: JSON = [
      "settings": .array(
        settings.effective.map {
          ["name": .string($0.name), "value": .string($0.value), "origin": .string($0.origin)]
        }),
      "findings": .array(findings.map(\.json)),
    ]
    format.print(json) {
      var table = Table(["SETTING", "VALUE", "FROM"])
      for one in settings.effective { table.append([one.name, one.value, one.origin]) }
      return table.text + "\n\n" + findings.map(\.line).joined(separator: "\n")
    }
    if findings.contains(where: \.isProblem) { throw Failure(.found, "") }
  }
}
