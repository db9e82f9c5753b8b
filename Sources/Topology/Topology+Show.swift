package import JSON
import RabbitMQ

extension Topology {
  /// Everything as one object: `namespace`, `exchanges`, `queues`, `bindings`.
  package var json: JSON {
    [
      "namespace": .string(namespace),
      "exchanges": .array(
        exchanges.map {
          ["name": .string($0.name), "type": .string($0.kind.rawValue), "arguments": json($0.arguments)]
        }),
      "queues": .array(queues.map { ["name": .string($0.name), "arguments": json($0.arguments)] }),
      "bindings": .array(
        bindings.map {
          [
            "exchange": .string($0.exchange), "queue": .string($0.queue),
            "routingKey": .string($0.routingKey),
          ]
        }),
    ]
  }

  /// Everything as RabbitMQ exports and imports it (`rabbitmqctl import_definitions`, `load_definitions`).
  package func definitions(virtualHost: String) -> JSON {
    let host = JSON.string(virtualHost)
    return [
      "exchanges": .array(
        exchanges.map {
          [
            "name": .string($0.name), "vhost": host, "type": .string($0.kind.rawValue), "durable": true,
            "auto_delete": false, "internal": false, "arguments": json($0.arguments),
          ]
        }),
      "queues": .array(
        queues.map {
          [
            "name": .string($0.name), "vhost": host, "durable": true, "auto_delete": false,
            "arguments": json($0.arguments),
          ]
        }),
      "bindings": .array(
        bindings.map {
          [
            "source": .string($0.exchange), "vhost": host, "destination": .string($0.queue),
            "destination_type": "queue", "routing_key": .string($0.routingKey), "arguments": [:],
          ]
        }),
    ]
  }

  /// Everything as lines for a person.
  package var text: String {
    var lines = exchanges.map { "exchange  \($0.name)  \($0.kind.rawValue)\(text($0.arguments))" }
    lines += queues.map { "queue     \($0.name)\(text($0.arguments))" }
    lines += bindings.map { binding in
      let key = binding.routingKey.isEmpty ? "" : "  by \(binding.routingKey)"
      return "binding   \(binding.exchange) -> \(binding.queue)\(key)"
    }
    return lines.joined(separator: "\n")
  }

  private func json(_ arguments: [String: HeaderValue]) -> JSON {
    .object(arguments.mapValues { json($0) })
  }

  private func json(_ value: HeaderValue) -> JSON {
    switch value {
    case .integer(let number): .integer(number)
    case .bool(let flag): .bool(flag)
    default: .text(value.text)
    }
  }

  private func text(_ arguments: [String: HeaderValue]) -> String {
    arguments.sorted { $0.key < $1.key }.map { name, value in
      "  \(name)=\(value.integer.map(String.init) ?? value.text ?? "")"
    }.joined()
  }
}
