import HTTPTypes
package import Hummingbird
import NIOCore

extension Request {
  /// The body as it came, of at most so many bytes; 413 for a longer one, as soon as that is known.
  package func bytes(upTo limit: Int) async throws -> [UInt8] {
    if let encoding = headers[.contentEncoding], encoding.lowercased() != "identity" {
      throw Problem(
        .unsupportedMediaType, "the body is encoded as '\(encoding.prefix(40))': send it without",
        headers: [.acceptEncoding: "identity"])
    }
    let tooLarge = Problem(.contentTooLarge, "the body has more than \(limit) bytes")
    if let length = headers[.contentLength].flatMap({ Int($0) }), length > limit { throw tooLarge }
    var bytes: [UInt8] = []
    for try await part in body {
      guard bytes.count + part.readableBytes <= limit else { throw tooLarge }
      bytes.append(contentsOf: part.readableBytesView)
    }
    return bytes
  }

  /// 415 unless the content type is JSON, or is not said.
  func requireJSON() throws(Problem) {
    guard let type = headers[.contentType] else { return }
    let essence = type.prefix { $0 != ";" }.lowercased().filter { $0 != " " }
    guard essence == "application/json" || essence.hasSuffix("+json") else {
      throw Problem(.unsupportedMediaType, "the content type must be application/json")
    }
  }
}
