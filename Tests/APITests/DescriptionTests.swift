import API
import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import Testing
import Yams

/// The OpenAPI document as the tests read it.
struct Description {
  struct Operation {
    var method: HTTPRequest.Method
    var path: String
    var example: String?
  }

  var operations: [Operation] = []

  init() throws {
    let text = String(decoding: try OpenAPI.document(), as: UTF8.self)
    let root = try #require(try Yams.load(yaml: text) as? [String: Any])
    let paths = try #require(root["paths"] as? [String: [String: Any]])
    for (path, methods) in paths {
      for name in methods.keys where name != "parameters" {
        let method = try #require(HTTPRequest.Method(rawValue: name.uppercased()))
        operations.append(Operation(method: method, path: path))
      }
    }
  }
}

struct DescriptionTests {
  @Test func `every route is described, and every description is routed`() async throws {
    try await Office.with { office in
      let routed = Set(
        office.gateway.router.routes.filter { $0.method != .head }.map { route in
          let segments = route.path.description.split(separator: "/").map { segment in
            segment.hasPrefix(":") ? "{\(segment.dropFirst())}" : String(segment)
          }
          return "\(route.method.rawValue) /\(segments.joined(separator: "/"))"
        })
      let described = Set(try Description().operations.map { "\($0.method.rawValue) \($0.path)" })
      #expect(routed.subtracting(described) == [])
      #expect(described.subtracting(routed) == [])
      #expect(routed.count > 30)
    }
  }

  @Test func `the description is served to anybody`() async throws {
    try await Office.with { office in
      let answer = try await office.ask(.get, "/openapi.yaml")
      #expect(answer.status == 200 && answer.headers[.contentType] == "application/yaml")
      #expect(answer.body.contains("openapi: 3.1.0"))
    }
  }
}
