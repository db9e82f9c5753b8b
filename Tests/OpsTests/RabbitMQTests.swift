import AsyncHTTPClient
import Foundation
import JSON
import NIOCore
import NIOHTTP1
import RabbitMQ
import TestServers
import Testing
import Topology

struct RabbitMQTests {
  @Test func `the definitions are those of the topology`() throws {
    #expect(try OpsFiles.json("ops/rabbitmq/definitions.json") == Topology().definitions(virtualHost: "/"))
  }

  @Test(
    .enabled(
      if: ProcessInfo.processInfo.environment["AMQP_MANAGEMENT_URL"] != nil,
      "AMQP_MANAGEMENT_URL is not set: run ops/test"))
  func `a broker that has imported the definitions has the topology`() async throws {
    let management = try #require(ProcessInfo.processInfo.environment["AMQP_MANAGEMENT_URL"])
    var parts = try #require(URLComponents(string: management))
    let credentials = Data("\(parts.user ?? ""):\(parts.password ?? "")".utf8).base64EncodedString()
    (parts.user, parts.password, parts.path) = (nil, nil, "/api/definitions")
    let topology = Topology(namespace: TestServers.uniqueName("ops"))
    var request = HTTPClientRequest(url: try #require(parts.string))
    request.method = .POST
    request.headers.add(name: "authorization", value: "Basic \(credentials)")
    request.headers.add(name: "content-type", value: "application/json")
    request.body = .bytes(ByteBuffer(bytes: topology.definitions(virtualHost: "/").bytes))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(30))
    #expect(response.status.code / 100 == 2)
    let connection = try Connection.open(try Address.parse(TestServers.amqpURL), name: "tests")
    defer { connection.close() }
    #expect(try topology.check(on: connection) == [])
    try topology.delete(on: connection)
  }

  @Test func `the policy for RabbitMQ 4 takes every queue that may have no delivery limit, and no other`()
    throws
  {
    let policy = try OpsFiles.json("ops/rabbitmq/policy-rabbitmq-4.json")["policies"][0]
    let pattern = try Regex(try #require(policy["pattern"].text))
    for queue in Topology().queues {
      let mayHaveNone = queue.arguments["x-delivery-limit"] == nil
      #expect(queue.name.contains(pattern) == mayHaveNone, "\(queue.name)")
    }
  }
}
