import Testing

struct SimulatorCommandTests {
  @Test(arguments: [
    ("--accounts", "nowhere"), ("--orders-per-second", "-1"), ("--listings", "0"), ("--faults", "many"),
    ("--port", "70000"), ("--requests-per-minute", "0"),
  ])
  func `a simulator that can't be is refused with 64`(option: String, value: String) async {
    let outcome = await TestProgram().run("simulator", option, value)
    #expect(outcome.status == 64 && outcome.printed.isEmpty && !outcome.said.isEmpty)
  }
}
