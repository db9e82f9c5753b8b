import AsyncHTTPClient
import Desk
import RabbitMQ
import Settings
import Topology

extension Examination {
  /// The broker itself, and what its management API tells of policies, bindings, plugins and alarms.
  func broker() async -> [Finding] {
    var version: String?
    let reached = await Finding.of("RabbitMQ") {
      let (address, number) = try await settings.withBroker { ("\($0.address)", $0.serverVersion) }
      version = number
      if let problem = BrokerExamination.problem(ofVersion: number) { throw Failure(.found, problem) }
      return "version \(number ?? "") at \(address)"
    }
    let timeout = Finding(
      subject: "consumer_timeout",
      state: .unknown(
        "no API tells it: keep it in rabbitmq.conf at its default of 1800000 ms or more, or dlq commands at a large "
          + "queue and slow batches are cut off"))
    guard !reached.isProblem else { return [reached] }
    return [reached] + (await management(version)) + [timeout]
  }

  private func management(_ version: String?) async -> [Finding] {
    guard let url = settings.managementURL?.revealed, let host = settings.brokers.first?.virtualHost else {
      let dead = BrokerExamination.limitsByDefault(version)
      return [
        Finding(
          subject: "policies, bindings, alarms",
          state: .unknown(
            "set AMQP_MANAGEMENT_URL and enable the plugin rabbitmq_management to have them looked at"
              + (dead ? "; mind that from 4.0 on dead-letter queues need a policy delivery-limit -1" : "")))
      ]
    }
    let client = HTTPClient(eventLoopGroupProvider: .singleton)
    var findings: [Finding] = []
    do {
      guard let management = Management(url: url, client: client) else {
        throw Failure(
          .configuration, "AMQP_MANAGEMENT_URL is not a URL: give http://user:password@host:15672")
      }
      let topology = settings.topology
      findings += Finding.all(
        "policies",
        BrokerExamination.problems(
          ofPolicies: try await management.get("queues", of: host), topology: topology, version: version),
        fine: "none touches a dead-letter queue")
      findings += Finding.all(
        "bindings",
        BrokerExamination.problems(
          ofBindings: try await management.get("bindings", of: host), topology: topology),
        fine: "\(topology.bindings.count), as they should be")
      findings += Finding.all(
        "alarms and nodes", BrokerExamination.problems(ofNodes: try await management.get("nodes")),
        fine: "none")
    } catch {
      findings.append(
        Finding(
          subject: "management",
          state: .problem(
            "\(Failure(error)?.sentence ?? "\(error)"); check AMQP_MANAGEMENT_URL, its user's tag 'monitoring', and "
              + "that the plugin rabbitmq_management is enabled")))
    }
    try? await client.shutdown()
    return findings
  }
}
