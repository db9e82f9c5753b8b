/// One HTTP call below a connection's base URL.
package struct MarketplaceCall: Sendable, Equatable {
  package var method: Method
  /// Begins with a slash; ids in it go through `PercentEncoding.segment`.
  package var path: String
  package var query: [(name: String, value: String)]
  package var headers: [(name: String, value: String)]
  package var body: [UInt8]?
  /// Another base URL than the connection's, for instance that of the token service.
  package var baseURL: String?

  package enum Method: String, Sendable {
    case get = "GET"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
  }

  package init(
    _ method: Method, _ path: String, query: [(name: String, value: String)] = [],
    headers: [(name: String, value: String)] = [], body: [UInt8]? = nil, baseURL: String? = nil
  ) {
    self.method = method
    self.path = path
    self.query = query
    self.headers = headers
    self.body = body
    self.baseURL = baseURL
  }

  /// Path and query as they go over the wire.
  package var target: String {
    guard !query.isEmpty else { return path }
    let pairs = query.map { PercentEncoding.query($0.name) + "=" + PercentEncoding.query($0.value) }
    return path + "?" + pairs.joined(separator: "&")
  }

  package static func == (left: MarketplaceCall, right: MarketplaceCall) -> Bool {
    left.method == right.method && left.target == right.target && left.body == right.body
      && left.baseURL == right.baseURL && left.headers.elementsEqual(right.headers, by: ==)
  }
}
