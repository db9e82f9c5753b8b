import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import NIOCore

/// `/openapi.yaml`: the description of every route, which tests hold against the router.
struct OpenAPIRoutes: Routes {
  func add(to routes: GatewayRoutes) {
    routes.open.get("/openapi.yaml") { _, _ in
      Response(
        status: .ok, headers: [.contentType: "application/yaml", .cacheControl: "no-cache"],
        body: .init(byteBuffer: ByteBuffer(bytes: try OpenAPI.document())))
    }
  }
}

/// The document, in OpenAPI 3.1.
package enum OpenAPI {
  package static func document() throws -> [UInt8] {
    guard let url = Bundle.module.url(forResource: "openapi", withExtension: "yaml") else {
      throw Problem(.internalServerError, "the description of the API is missing from this installation")
    }
    return Array(try Data(contentsOf: url))
  }
}
