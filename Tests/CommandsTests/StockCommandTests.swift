import JSON
import TestServers
import Testing

/// What people enter by hand, through the program.
struct StockCommandTests {
  private func rows(_ outcome: TestProgram.Outcome) throws -> [JSON] {
    #expect(outcome.status == 0, "\(outcome.said)")
    return try JSON.parse(outcome.printed.joined()).array
  }

  @Test func `a counted stock is set, with history, and an unknown SKU is created`() async throws {
    try await ConnectionsTests.withProgram { program in
      #expect(await ConnectionsTests.add(program, name: "main").status == 0)
      let set = await program.run(
        "stock", "set", "--marketplace", "1", "--sku", "SKU-1", "--quantity", "12", "--note", "counted")
      #expect(set.status == 0, "\(set.said)")
      #expect(
        await program.run("stock", "set", "--marketplace", "1", "--sku", "SKU-1", "--quantity", "9").status
          == 0)
      let shown = try rows(await program.run("stock", "show", "--sku", "SKU-1", "--format", "json"))
      #expect(shown.map { $0["on_hand"].integer } == [9])
      let history = try rows(await program.run("stock", "history", "--sku", "SKU-1", "--format", "json"))
      #expect(history.map { $0["quantity_change"].integer } == [-3, 12])
      #expect(history.map { $0["change_type"].text } == ["manual", "manual"])
    }
  }

  @Test func `a marketplace that there is not is said so, and a quantity of nothing is refused`() async throws
  {
    try await ConnectionsTests.withProgram { program in
      let missing = await program.run(
        "stock", "topup", "--marketplace", "7", "--sku", "SKU-1", "--quantity", "1")
      #expect(missing.status == 1 && missing.said.joined().contains("no marketplace 7"))
      for quantity in ["--quantity=0", "--quantity=-5"] {
        let refused = await program.run("stock", "topup", "--marketplace", "7", "--sku", "SKU-1", quantity)
        #expect(refused.status == 64 && refused.said.joined().contains("from 1 to 1000000"))
      }
    }
  }

  @Test func `rules are changed member by member, and unknown ones are refused`() async throws {
    try await ConnectionsTests.withProgram { program in
      #expect(await ConnectionsTests.add(program, name: "main").status == 0)
      let set = await program.run(
        "connections", "rules", "main", "--set", #"{"propagateInventory": true, "language": "pl"}"#)
      #expect(set.status == 0, "\(set.said)")
      #expect(
        await program.run("connections", "rules", "main", "--set", #"{"language": null}"#).printed
          == [#"{"propagateInventory":true}"#])
      for wrong in [#"{"propagateInventry": true}"#, #"{"propagateInventory": "yes"}"#, "[]"] {
        #expect(await program.run("connections", "rules", "main", "--set", wrong).status == 64, "\(wrong)")
      }
      // What is set by hand from now on is set for all that share it.
      #expect(
        await program.run("stock", "set", "--marketplace", "1", "--sku", "SKU-2", "--quantity", "4").status
          == 0)
      let shown = try rows(await program.run("stock", "show", "--sku", "SKU-2", "--format", "json"))
      #expect(shown.map { $0["listed_stock"].integer } == [4])
    }
  }

  @Test func `moderators are added, listed and disabled`() async throws {
    try await ConnectionsTests.withProgram { program in
      #expect(await program.run("moderators", "add", "anna", "--name", "Anna").status == 0)
      #expect(await program.run("moderators", "disable", "anna").status == 0)
      #expect(await program.run("moderators", "disable", "bert").status == 1)
      let all = try rows(await program.run("moderators", "list", "--format", "json"))
      #expect(all.map { $0["is_active"].bool } == [false])
      #expect(await program.run("moderators", "add", "anna").status == 0)
      let again = try rows(await program.run("moderators", "list", "--format", "json"))
      #expect(again.map { $0["name"].text } == ["Anna"] && again[0]["is_active"] == true)
    }
  }
}
