import TestServers
import Testing

struct DurabilityTests {
  /// What `doctor` says about durability, for a database's URL.
  private func finding(_ url: String) async throws -> String {
    let program = TestProgram(environment: ["DATABASE_URL": url, "AMQP_URL": try TestServers.amqpURL])
    let lines = await program.run("doctor").printed.flatMap { $0.split(separator: "\n") }
    return String(try #require(lines.first { $0.contains(" durability: ") }))
  }

  @Test func `rule 35: doctor says when what was acked would not survive`() async throws {
    let url = try TestServers.databaseURL
    #expect(try await finding(url).hasPrefix("ok "))
    let careless = try await finding(
      url + (url.contains("?") ? "&" : "?") + "options=-c%20synchronous_commit%3Doff")
    #expect(careless.hasPrefix("FAIL ") && careless.contains("synchronous_commit is off"))
  }
}
