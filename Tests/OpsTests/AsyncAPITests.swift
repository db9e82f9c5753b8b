import Events
import Foundation
import JSON
import Polling
import RabbitMQ
import Testing
import Topology

struct AsyncAPITests {
  let topology = Topology()
  let document: JSON

  init() throws { document = try #require(try OpsFiles.yaml("ops/asyncapi.yaml").first) }

  private var channels: [JSON] { Array(document["channels"].object.values) }
  private var messages: [String: JSON] { document["components"]["messages"].object }

  /// What a `$ref` of this document points to.
  private func follow(_ reference: String) -> JSON {
    reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] }
  }

  @Test func `its exchanges are those of the topology`() {
    let exchanges = channels.map { $0["bindings"]["amqp"]["exchange"] }.filter { !$0.isNull }
    let described = exchanges.map { "\($0["name"].text ?? "") \($0["type"].text ?? "")" }
    #expect(described.sorted() == topology.exchanges.map { "\($0.name) \($0.kind.rawValue)" }.sorted())
    #expect(exchanges.allSatisfy { $0["durable"].bool == true && $0["autoDelete"].bool == false })
  }

  @Test func `its queues have the topology's names, arguments and bindings`() {
    let declared = topology.json
    let described = channels.filter { !$0["bindings"]["amqp"]["queue"].isNull }
    #expect(
      described.compactMap { $0["bindings"]["amqp"]["queue"]["name"].text }.sorted()
        == topology.queues.map(\.name).sorted())
    for channel in described {
      let name = channel["address"].text ?? ""
      #expect(channel["bindings"]["amqp"]["queue"]["name"].text == name)
      let queue = declared["queues"].array.first { $0["name"].text == name } ?? .null
      #expect(queue["arguments"] == channel["x-arguments"], "\(name)")
      let bindings = topology.bindings.filter { $0.queue == name }.map { "\($0.exchange) \($0.routingKey)" }
      let bound = channel["x-bound-to"].array.map {
        "\($0["exchange"].text ?? "") \($0["routingKey"].text ?? "")"
      }
      #expect(bound.sorted() == bindings.sorted(), "\(name)")
    }
  }

  @Test
  func `it has a message for every type of event, and a queue's are those that the topology routes there`() {
    let types = Set(EventType.allCases.map(\.rawValue))
    #expect(Set(messages.values.compactMap { $0["name"].text }).isSuperset(of: types))
    for queue in Queue.allCases where !queue.takesJobs {
      let channel = channels.first { $0["address"].text == topology.name(queue) } ?? .null
      let names = channel["messages"].object.values.compactMap { follow($0["$ref"].text ?? "")["name"].text }
      let routed = EventType.allCases.filter {
        topology.queues(forEvent: $0.routingKey(platform: .allegro)).contains(queue)
      }
      #expect(Set(names) == Set(routed.map(\.rawValue)), "\(queue)")
    }
  }

  @Test(arguments: EventType.allCases)
  func `the example of an event is read whole`(type: EventType) throws {
    let message = messages.values.first { $0["name"].text == type.rawValue } ?? .null
    let example = message["examples"][0]["payload"]
    let event = try Event.decode(example.bytes)
    #expect(event.type == type)
    #expect(try JSON.parse(event.encode()) == example)
  }

  @Test func `the example of a poll job is read whole`() throws {
    let example = messages["pollJob"]?["examples"][0]["payload"] ?? .null
    #expect(try JSON.parse(PollJob.decode(example.bytes).encode()) == example)
  }

  @Test func `every reference leads somewhere, and every worker role has an operation`() throws {
    for match in try OpsFiles.text("ops/asyncapi.yaml").matches(of: /\$ref: "#(\/[^"]+)"/) {
      #expect(!follow("#" + match.1).isNull, "\(match.1)")
    }
    for operation in document["operations"].object.values {
      #expect(!follow(operation["channel"]["$ref"].text ?? "").isNull)
    }
    #expect(document["operations"].object.count == Queue.allCases.count + 2)
  }
}
