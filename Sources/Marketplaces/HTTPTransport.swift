package import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOHTTPCompression
import NIOSSL

/// Calls over HTTP/1.1 or 2 by AsyncHTTPClient.
package struct HTTPTransport: MarketplaceTransport {
  let client: HTTPClient
  let baseURL: String
  let timeout: Duration

  /// The largest answer that is read, unpacked.
  package static let largestBody = 8 << 20

  /// `baseURL` without a slash at its end is fine, and so is one with it.
  package init(client: HTTPClient, baseURL: String, timeout: Duration = .seconds(30)) {
    self.client = client
    self.baseURL = baseURL
    self.timeout = timeout
  }

  /// A client as transports need it: no redirections, no repetition, bounded waits, gzip. `authorities` is a file of PEM
  /// certificates that are trusted besides the system's (`HTTP_CA_FILE`).
  ///
  /// - Throws: `NIOSSLError` when the file has no certificates.
  package static func makeClient(authorities: String) throws -> HTTPClient {
    var tls = TLSConfiguration.makeClientConfiguration()
    tls.additionalTrustRoots = [.certificates(try NIOSSLCertificate.fromPEMFile(authorities))]
    return makeClient(tls: tls)
  }

  /// The same with the system's certificates alone.
  package static func makeClient() -> HTTPClient { makeClient(tls: nil) }

  private static func makeClient(tls: TLSConfiguration?) -> HTTPClient {
    var configuration = HTTPClient.Configuration()
    configuration.tlsConfiguration = tls
    configuration.redirectConfiguration = .disallow
    configuration.decompression = .enabled(limit: .size(largestBody))
    configuration.timeout = .init(connect: .seconds(10), read: .seconds(30))
    configuration.connectionPool.idleTimeout = .seconds(30)
    return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
  }

  package func send(_ call: MarketplaceCall) async throws(MarketplaceError) -> MarketplaceAnswer {
    do {
      let response = try await client.execute(request(for: call), timeout: .init(timeout))
      let body = try await response.body.collect(upTo: Self.largestBody)
      var headers: [String: String] = [:]
      for (name, value) in response.headers where headers[name.lowercased()] == nil {
        headers[name.lowercased()] = value
      }
      return MarketplaceAnswer(
        status: Int(response.status.code), headers: headers, body: Array(body.readableBytesView))
    } catch is NIOTooManyBytesError {
      throw .malformed("it is larger than \(Self.largestBody >> 20) MB")
    } catch let error as HTTPClientError {
      throw .network(error.shortDescription)
    } catch is CancellationError {
      throw .network("cancelled")
    } catch {
      throw .network(String(describing: type(of: error)))
    }
  }

  private func request(for call: MarketplaceCall) -> HTTPClientRequest {
    let base = call.baseURL ?? baseURL
    var request = HTTPClientRequest(url: (base.hasSuffix("/") ? String(base.dropLast()) : base) + call.target)
    request.method = HTTPMethod(rawValue: call.method.rawValue)
    for (name, value) in call.headers { request.headers.add(name: name, value: value) }
    if !request.headers.contains(name: "user-agent") {
      request.headers.add(name: "user-agent", value: "crossdock")
    }
    if let body = call.body { request.body = .bytes(body) }
    return request
  }
}

extension TimeAmount {
  fileprivate init(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
  }
}
