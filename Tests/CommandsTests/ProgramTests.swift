import Commands
import Testing

struct ProgramTests {
  @Test func `help and version are answers, not errors`() async {
    let help = await TestProgram().run("--help")
    #expect(help.status == 0 && help.printed.joined().contains("SUBCOMMANDS") && help.said.isEmpty)
    let version = await TestProgram().run("--version")
    #expect(version.status == 0 && version.printed.first?.hasPrefix(Version.number) == true)
  }

  @Test func `a wrong option ends with 64 on standard error`() async {
    let outcome = await TestProgram().run("migrate", "--wrong")
    #expect(outcome.status == 64 && outcome.printed.isEmpty && !outcome.said.isEmpty)
  }

  @Test func `a setting that is missing or wrong ends with 78 in one sentence`() async {
    let missing = await TestProgram().run("migrate")
    #expect(missing.status == 78 && missing.said.count == 1)
    #expect(missing.said.first?.hasPrefix("crossdock: DATABASE_URL is not set") == true)
    let wrong = await TestProgram(environment: ["LOG_LEVEL": "loud"]).run("migrate")
    #expect(wrong.status == 78 && wrong.said.first?.contains("LOG_LEVEL is 'loud'") == true)
  }

  @Test func `a database that can't be reached ends with 69`() async {
    let program = TestProgram(environment: ["DATABASE_URL": "postgresql://x:hush@127.0.0.1:1/x"])
    let outcome = await program.run("migrate")
    #expect(outcome.status == 69 && outcome.said.count == 1)
    #expect(outcome.said.first?.contains("hush") == false)
  }

  @Test func `a token is signed for its subject`() async throws {
    let program = TestProgram(environment: ["API_JWT_SECRET": "a long random text"])
    let outcome = await program.run("token", "--subject", "shop-7", "--role", "operator", "--ttl", "8h")
    #expect(outcome.status == 0)
    #expect(try #require(outcome.printed.first).split(separator: ".").count == 3)
    #expect(await program.run("token", "--subject", "x", "--role", "king").status == 64)
    #expect(await program.run("token", "--subject", "x", "--role", "admin", "--ttl", "soon").status == 64)
  }
}
