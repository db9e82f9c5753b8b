import TestServers
import Testing

struct ConnectionsTests {
  static func withProgram(_ body: @Sendable (TestProgram) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      try await body(
        TestProgram(environment: [
          "DATABASE_URL": test.url,
          "CROSSDOCK_SECRET_KEY": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ]))
    }
  }

  static func add(
    _ program: TestProgram, name: String, platform: String = "allegro",
    secrets: String = #"{"client_id":"hush"}"#
  ) async -> TestProgram.Outcome {
    var program = program
    program.input = secrets
    return await program.run(
      "connections", "add", "--platform", platform, "--name", name, "--user", "u", "--base-url",
      "http://localhost:1", "--dialect", "documented", "--start", "oldest", "--secrets", "-")
  }

  @Test
  func `an added connection is listed, shown by name, disabled and removed, and never shows its secrets`()
    async throws
  {
    try await Self.withProgram { program in
      let added = await Self.add(program, name: "main")
      #expect(added.status == 0)
      let id = try #require(added.printed.first)
      let list = await program.run("connections", "list")
      #expect(list.printed.first?.contains(id) == true)
      let shown = await program.run("connections", "show", "main", "--format", "json")
      #expect(shown.printed.first?.contains(#""dialect":"documented""#) == true)
      #expect(shown.printed.first?.contains("hush") == false)
      #expect(await program.run("connections", "disable", id).status == 0)
      let disabled = await program.run("connections", "list", "--format", "json")
      #expect(disabled.printed.first?.contains(#""status":"disabled""#) == true)
      #expect(await program.run("connections", "remove", "main").status == 1)
      #expect(await program.run("connections", "remove", "main", "--yes").status == 0)
      #expect(await program.run("connections", "show", "main").status == 1)
    }
  }

  @Test func `secrets that are no JSON object are refused`() async throws {
    try await Self.withProgram { program in
      let outcome = await Self.add(program, name: "main", secrets: "client_id=hush")
      #expect(outcome.status == 64 && outcome.said.joined().contains("hush") == false)
    }
  }

  @Test func `a name that is taken is said with a remedy, and not in the database's words`() async throws {
    try await Self.withProgram { program in
      #expect(await Self.add(program, name: "main").status == 0)
      let again = await Self.add(program, name: "main")
      #expect(again.status == 1 && again.said.joined().contains("--name"))
      #expect(again.said.count == 1 && !again.said.joined().contains("constraint"))
    }
  }

  @Test(arguments: [
    ("ebay", "{}", "clientId"), ("ebay", #"{"clientId":"hush"}"#, "clientSecret"),
    ("square", "{}", "accessToken"),
    ("woocommerce", #"{"consumer_key":"hush"}"#, "consumerSecret"),
    ("backmarket", #"{"tokn":"hush"}"#, "tokn"),
    ("refurbed", #"{"token":""}"#, "token"), ("clover", #"{"token":null}"#, "token"),
    ("shopify", #"{"acces_token":"hush"}"#, "acces_token"),
  ])
  func `secrets that lack a member or have an unknown one are taken with a warning that names it`(
    platform: String, secrets: String, member: String
  ) async throws {
    try await Self.withProgram { program in
      let outcome = await Self.add(program, name: "main", platform: platform, secrets: secrets)
      #expect(outcome.status == 0 && outcome.printed.count == 1)
      #expect(outcome.said.joined().contains("'\(member)'"))
      #expect(!outcome.said.joined().contains("hush"))
    }
  }

  @Test(arguments: [
    ("allegro", "{}"), ("shopify", "{}"), ("ebay", #"{"client_id":"a","clientSecret":"b"}"#),
    ("square", #"{"access_token":"a","webhook_secret":"b"}"#), ("clover", #"{"token":"a"}"#),
  ])
  func `what an owner authorises later may be left out, and both spellings are understood`(
    platform: String, secrets: String
  ) async throws {
    try await Self.withProgram { program in
      #expect(await Self.add(program, name: "main", platform: platform, secrets: secrets).status == 0)
    }
  }

  @Test func `help lists the members of every platform's secrets`() async {
    let help = await TestProgram().run("connections", "add", "--help").printed.joined()
    for words in [
      "allegro       [clientId]", "shopify       [accessToken]", "square        accessToken or token",
    ] {
      #expect(help.contains(words))
    }
  }
}

struct RotationTests {
  @Test func `a new key seals what the retired one had sealed, which is not needed any more then`()
    async throws
  {
    try await ConnectionsTests.withProgram { (program: TestProgram) async throws in
      #expect(await ConnectionsTests.add(program, name: "main").status == 0)
      var rotated = program
      rotated.environment["CROSSDOCK_SECRET_KEY"] = "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA="
      let refused = await rotated.run("connections", "rotate-key")
      #expect(refused.status == 78)
      rotated.environment["CROSSDOCK_SECRET_KEY_RETIRED"] = program.environment["CROSSDOCK_SECRET_KEY"]
      #expect(await rotated.run("connections", "rotate-key").said.joined().hasPrefix("1 connections"))
      rotated.environment["CROSSDOCK_SECRET_KEY_RETIRED"] = nil
      #expect(await rotated.run("connections", "rotate-key").said.joined().hasPrefix("0 connections"))
      #expect(await program.run("connections", "rotate-key").status == 78)
    }
  }

  @Test func `a new webhook secret leaves the other credentials, and is not printed`() async throws {
    try await ConnectionsTests.withProgram { (program: TestProgram) async throws in
      #expect(await ConnectionsTests.add(program, name: "main", platform: "shopify").status == 0)
      var program = program
      program.input = #"{"webhook_secret":"hush-hush"}"#
      let outcome = await program.run(
        "connections", "rotate-secret", "main", "--secrets", "-", "--keep", "2h")
      #expect(outcome.status == 0 && outcome.said.joined().contains("webhook_secret"))
      #expect(!(outcome.said + outcome.printed).joined().contains("hush-hush"))
      let atOnce = await program.run("connections", "rotate-secret", "main", "--secrets", "-", "--keep", "0s")
      #expect(atOnce.status == 0)
      program.input = #"{"webhok_secret":"hush-hush"}"#
      let misspelt = await program.run("connections", "rotate-secret", "main", "--secrets", "-")
      #expect(misspelt.status == 0 && misspelt.said.joined().contains("'webhok_secret'"))
    }
  }
}

struct MigrateTests {
  @Test func `migrate says what it applied, and then that nothing is left`() async throws {
    try await TestDatabase.with(migrated: false) { test in
      let program = TestProgram(environment: ["DATABASE_URL": test.url])
      #expect(await program.run("migrate", "--status").status == 1)
      let first = await program.run("migrate")
      #expect(first.status == 0 && first.printed.joined().contains("applied 0001_core"))
      #expect(await program.run("migrate").printed == ["the schema is up to date"])
      #expect(await program.run("migrate", "--status", "--format", "json").status == 0)
    }
  }
}
