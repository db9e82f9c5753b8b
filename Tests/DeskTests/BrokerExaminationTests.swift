import Desk
import JSON
import Testing
import Topology

struct BrokerExaminationTests {
  private let topology = Topology(namespace: "shop")

  private func queue(_ name: String, _ policy: JSON) -> JSON {
    ["name": .string(name), "policy": "everything", "effective_policy_definition": policy]
  }

  @Test func `versions from 3.10 on will do`() {
    #expect(BrokerExamination.problem(ofVersion: "3.10.8") == nil)
    #expect(BrokerExamination.problem(ofVersion: "4.1.0-rc.1") == nil)
    #expect(BrokerExamination.problem(ofVersion: "3.9.29")?.contains("3.10 or later") == true)
    #expect(
      BrokerExamination.problem(ofVersion: nil) != nil && BrokerExamination.problem(ofVersion: "x") != nil)
  }

  @Test func `policies that would lose dead letters are named, on our dead queues only`() {
    let queues: JSON = .array([
      queue("shop.stock-ledger.dead", ["delivery-limit": 5, "message-ttl": 1_000]),
      queue("shop.stock-ledger", ["message-ttl": 1_000]), queue("other.dead", ["expires": 5]),
      queue("shop.push.dead", ["consumer-timeout": 5]),
    ])
    let problems = BrokerExamination.problems(ofPolicies: queues, topology: topology, version: "3.12.0")
    #expect(problems.count == 1)
    #expect(
      problems.first?.hasPrefix("everything sets message-ttl, delivery-limit on shop.stock-ledger.dead")
        == true)
  }

  @Test func `from 4.0 on dead queues need the delivery limit switched off`() {
    let bare: JSON = .array(Queue.allCases.map { queue(topology.deadName($0), [:]) })
    let mended: JSON = .array(Queue.allCases.map { queue(topology.deadName($0), ["delivery-limit": -1]) })
    func problems(_ queues: JSON, _ version: String) -> [String] {
      BrokerExamination.problems(ofPolicies: queues, topology: topology, version: version)
    }
    #expect(problems(bare, "3.13.7").isEmpty && problems(mended, "4.0.5").isEmpty)
    #expect(problems(bare, "4.0.5").first?.contains("rabbitmqctl set_policy") == true)
  }

  @Test func `bindings that are missing or too many are named`() {
    var all = topology.bindings.map { binding -> JSON in
      [
        "source": .string(binding.exchange), "destination": .string(binding.queue),
        "destination_type": "queue",
        "routing_key": .string(binding.routingKey),
      ]
    }
    // Every queue is bound to the default exchange by its name.
    all.append([
      "source": "", "destination": "shop.push", "destination_type": "queue", "routing_key": "shop.push",
    ])
    #expect(BrokerExamination.problems(ofBindings: .array(all), topology: topology).isEmpty)
    let lost = all.removeFirst()
    all.append([
      "source": "shop.events", "destination": "elsewhere", "destination_type": "queue", "routing_key": "#",
    ])
    let problems = BrokerExamination.problems(ofBindings: .array(all), topology: topology)
    #expect(problems.count == 2)
    #expect(problems.first?.hasPrefix("\(lost["destination"].text ?? "") is not bound") == true)
    #expect(problems.last?.hasPrefix("elsewhere is bound to shop.events by '#' as well") == true)
  }

  @Test func `alarms are named with their node`() {
    let nodes: JSON = .array([
      ["name": "a@x", "running": true, "mem_alarm": true, "disk_free_alarm": false],
      ["name": "b@x", "running": false, "mem_alarm": false, "disk_free_alarm": false],
    ])
    let problems = BrokerExamination.problems(ofNodes: nodes)
    #expect(problems.count == 2 && problems[0].hasPrefix("a@x has a memory alarm"))
    #expect(problems[1].hasPrefix("b@x does not run"))
  }
}
