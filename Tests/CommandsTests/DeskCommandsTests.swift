import Commands
import Foundation
import JSON
import RabbitMQ
import TestServers
import Testing
import Topology

/// The desk's commands as a shell would run them, over a namespace and a schema of their own.
struct DeskCommandsTests {
  private struct Shop: Sendable {
    let environment: [String: String]
    let topology: Topology

    func run(_ arguments: String..., input: String = "") async -> TestProgram.Outcome {
      await TestProgram(environment: environment, input: input).run(arguments)
    }

    /// Puts letters into a dead queue as the broker itself would: without our headers.
    func bury(_ ids: [String]) throws {
      let connection = try RabbitMQ.Connection.open(try Address.parse(try TestServers.amqpURL), name: "tests")
      defer { connection.close() }
      for id in ids {
        try connection.publish(
          exchange: topology.dead, routingKey: topology.name(.orderSync),
          properties: Publishing(messageID: id, type: "order.created"), body: Array("no event".utf8))
      }
      let deadline = ContinuousClock.now + .seconds(10)
      while try connection.depth(of: topology.deadName(.orderSync))?.ready != ids.count, .now < deadline {}
    }
  }

  private static func with(_ body: @Sendable (Shop) async throws -> Void) async throws {
    try await TestDatabase.with { test in
      let topology = Topology(namespace: TestServers.uniqueName("cmd"))
      let shop = Shop(
        environment: [
          "AMQP_URL": try TestServers.amqpURL, "DATABASE_URL": test.url,
          "CROSSDOCK_NAMESPACE": topology.namespace, "USER": "tests",
          "CROSSDOCK_SECRET_KEY": Data(repeating: 7, count: 32).base64EncodedString(),
        ], topology: topology)
      let result: Result<Void, any Error>
      do {
        #expect(await shop.run("topology", "apply").status == 0)
        result = .success(try await body(shop))
      } catch { result = .failure(error) }
      let connection = try RabbitMQ.Connection.open(try Address.parse(try TestServers.amqpURL), name: "tests")
      try topology.delete(on: connection)
      connection.close()
      try result.get()
    }
  }

  @Test func `a letter or an event that there is not is said so, and ends with 1`() async throws {
    try await Self.with { shop in
      for arguments in [
        ["dlq", "requeue", "--id", "nosuch", "--yes"],
        ["dlq", "discard", "--id", "nosuch", "--reason", "r", "--yes"],
        ["events", "replay", "--id", "nosuch"], ["import", "show", "77"], ["orders", "show", "nosuch"],
      ] {
        let outcome = await TestProgram(environment: shop.environment).run(arguments)
        #expect(outcome.status == 1, "\(arguments)")
        #expect(outcome.said.joined().contains("`crossdock "), "\(arguments)")
      }
      #expect(await shop.run("import", "show", "77", "--status", "bogus").status == 64)
      #expect(await shop.run("dlq", "requeue", "--all", "--yes").status == 0)
      #expect(await shop.run("simulator", "connect", "--url", "http://127.0.0.1:1").status != 0)
    }
  }

  @Test func `queues fit into 80 columns, and a threshold that is passed ends with 1 and the next step`()
    async throws
  {
    try await Self.with { shop in
      try shop.bury(["a", "b"])
      let table = await shop.run("queues")
      #expect(table.status == 0)
      let lines = table.printed.joined(separator: "\n").split(separator: "\n")
      #expect(lines.count == 10 && lines.allSatisfy { $0.count <= 80 })
      let json = try JSON.parse(await shop.run("queues", "--format", "json").printed.joined())
      let orders = json.array.first { $0["queue"].text == shop.topology.name(.orderSync) }
      #expect(orders?["dead_letters"].integer == 2 && orders?["unacked"].isNull == true)
      #expect(await shop.run("queues", "--max-dead", "2", "--max-ready", "0").status == 0)
      let breach = await shop.run("queues", "--max-dead", "1")
      #expect(breach.status == 1 && breach.said.first?.contains("crossdock dlq groups") == true)
      let eta = await shop.run("queues", "eta", "order-sync", "--workers", "+3")
      #expect(eta.status == 1 && eta.said.first?.contains("start its workers") == true)
    }
  }

  @Test func `letters are listed, shown, exported, planned and applied, and a refused plan ends with 1`()
    async throws
  {
    try await Self.with { shop in
      try shop.bury(["a", "b", "c"])
      let list = try JSON.parse(await shop.run("dlq", "list", "--format", "json").printed.joined())
      #expect(list.array.map { $0["id"].text } == ["a", "b", "c"])
      #expect(list[0]["error_class"].text == "crashed_worker" && list[0]["superseded"].bool == false)
      let groups = try JSON.parse(await shop.run("dlq", "groups", "--format", "json").printed.joined())
      #expect(groups.array.count == 1 && groups[0]["count"].integer == 3)
      #expect(await shop.run("dlq", "show", "b").printed.joined().contains("no event"))
      #expect(await shop.run("dlq", "show", "nobody").status == 1)
      #expect(await shop.run("dlq", "export", "--limit", "2").printed.count == 2)
      #expect(await shop.run("dlq", "requeue", "--yes").status == 64)
      #expect(await shop.run("dlq", "requeue", "--all", "--dry-run").said == ["3 of order-sync"])
      #expect(await shop.run("dlq", "discard", "--id", "a", "--yes").status == 64)
      let plan = await shop.run("dlq", "plan", "--id", "a", "--id", "b").printed.joined()
      #expect(await shop.run("dlq", "requeue", "--id", "a", "--yes").status == 0)
      #expect(await shop.run("dlq", "apply", "-", "--yes", input: plan).said == ["2 done"])
      #expect(await shop.run("dlq", "apply", "-", "--yes", input: plan + " ").status == 0)
      let forged = plan.replacingOccurrences(of: "requeue", with: "discard")
      #expect(await shop.run("dlq", "apply", "-", "--yes", input: forged).status == 1)
      let rest = try JSON.parse(await shop.run("dlq", "list", "--format", "json").printed.joined())
      #expect(rest.array.map { $0["id"].text } == ["c"])
      let rehearsal = try JSON.parse(await shop.run("dlq", "rehearse", "--format", "json").printed.joined())
      #expect(rehearsal[0]["dying"].integer == 1 && rehearsal[0]["example"].text != nil)
    }
  }

  @Test func `audit, maintenance and doctor answer for an empty shop`() async throws {
    try await Self.with { shop in
      let audit = try JSON.parse(await shop.run("audit", "--format", "json").printed.joined())
      #expect(audit["balanced"].bool == true && audit["queues"].array.count == 5)
      #expect(await shop.run("audit", "--since", "yesterday").status == 64)
      #expect(await shop.run("maintenance", "--dry-run").status == 0)
      #expect(await shop.run("maintenance", "--inbox-days", "0").status == 64)
      let doctor = await shop.run("doctor")
      #expect(doctor.status == 0, "\(doctor.printed)")
      #expect(doctor.printed.joined().contains("ok    RabbitMQ: version"))
    }
  }
}
