package import JSON
package import Topology

/// What is wrong with a broker, from its version and from what its management API says. Pure values.
package enum BrokerExamination {
  /// nil when the version will do.
  package static func problem(ofVersion version: String?) -> String? {
    guard let version, let number = Version(version) else { return "it does not tell its version" }
    guard number.major > 3 || (number.major == 3 && number.minor >= 10) else {
      return "it is \(version): 3.10 or later is needed"
    }
    return nil
  }

  /// From 4.0 on quorum queues have a delivery limit unless told otherwise; each look at a letter counts.
  package static func limitsByDefault(_ version: String?) -> Bool {
    version.flatMap { Version($0) }.map { $0.major >= 4 } ?? false
  }

  private struct Version {
    var major: Int
    var minor: Int

    init?(_ text: String) {
      let parts = text.split(separator: ".").prefix(2).compactMap { Int($0) }
      guard parts.count == 2 else { return nil }
      (major, minor) = (parts[0], parts[1])
    }
  }

  /// Policies that would make dead letters vanish: `queues` is what `/api/queues` says.
  package static func problems(
    ofPolicies queues: JSON, topology: Topology, version: String?
  ) -> [String] {
    let dead = Set(Queue.allCases.map { topology.deadName($0) })
    var problems: [String] = []
    var unlimited = true
    for queue in queues.array {
      guard let name = queue["name"].text, dead.contains(name) else { continue }
      let policy = queue["effective_policy_definition"]
      let limit = policy["delivery-limit"].integer
      if limit != -1 { unlimited = false }
      let harmful =
        ["message-ttl", "expires", "max-length", "max-length-bytes", "dead-letter-exchange"]
        .filter { !policy[$0].isNull } + (limit.map { $0 >= 0 ? ["delivery-limit"] : [] } ?? [])
      guard !harmful.isEmpty else { continue }
      let named = queue["policy"].text ?? queue["operator_policy"].text ?? "a policy"
      problems.append("\(named) sets \(harmful.joined(separator: ", ")) on \(name): letters would be lost")
    }
    if limitsByDefault(version) && !unlimited {
      problems.append(
        """
        dead-letter queues have the broker's default delivery limit: rabbitmqctl set_policy --apply-to quorum_queues \
        \(topology.namespace)-dead '^\(topology.namespace)\\..*\\.dead$' '{"delivery-limit": -1}'
        """)
    }
    return problems
  }

  /// Bindings of our exchanges that are missing or too many: `bindings` is what `/api/bindings` says.
  package static func problems(ofBindings bindings: JSON, topology: Topology) -> [String] {
    let exchanges = Set(topology.exchanges.map(\.name))
    let found = Set(
      bindings.array.compactMap { binding -> Binding? in
        guard let exchange = binding["source"].text, exchanges.contains(exchange),
          let queue = binding["destination"].text, binding["destination_type"].text == "queue"
        else { return nil }
        return Binding(exchange: exchange, queue: queue, routingKey: binding["routing_key"].text ?? "")
      })
    let wanted = Set(topology.bindings)
    return wanted.subtracting(found).map {
      "\($0.queue) is not bound to \($0.exchange) by '\($0.routingKey)': run `crossdock topology apply`"
    }.sorted()
      + found.subtracting(wanted).map {
        "\($0.queue) is bound to \($0.exchange) by '\($0.routingKey)' as well: unbind it if nobody needs it"
      }.sorted()
  }

  /// Alarms and plugins: `nodes` is what `/api/nodes` says.
  package static func problems(ofNodes nodes: JSON) -> [String] {
    nodes.array.flatMap { node -> [String] in
      let name = node["name"].text ?? "a node"
      var problems: [String] = []
      if node["running"].bool == false { problems.append("\(name) does not run: start it") }
      if node["mem_alarm"].bool == true {
        problems.append(
          "\(name) has a memory alarm and takes no messages: give it memory, or drain its queues")
      }
      if node["disk_free_alarm"].bool == true {
        problems.append("\(name) has a disk alarm and takes no messages: free disk space")
      }
      return problems
    }
  }
}
