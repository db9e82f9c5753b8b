import Crypto
import HTTPTypes
package import Hummingbird
package import JSON

extension Response {
  /// An answer in JSON.
  package static func json(
    _ json: JSON, status: HTTPResponse.Status = .ok, headers: HTTPFields = [:]
  ) -> Response {
    var headers = headers
    headers[.contentType] = "application/json"
    if headers[.cacheControl] == nil { headers[.cacheControl] = "no-store" }
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
  }

  /// An answer in JSON with an `ETag`, and 304 for who has it already: for what is read again and again.
  package static func json(_ json: JSON, for request: Request, headers: HTTPFields = [:]) -> Response {
    let bytes = json.bytes
    let digest = SHA256.hash(data: bytes).prefix(12)
    let tag = "\"" + digest.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined() + "\""
    var headers = headers
    headers[.eTag] = tag
    headers[.cacheControl] = "private, no-cache"
    if let known = request.headers[.ifNoneMatch], known.matchesTag(tag) {
      return Response(status: .notModified, headers: headers)
    }
    headers[.contentType] = "application/json"
    return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: bytes)))
  }
}

extension String {
  /// Whether an `If-None-Match` names this tag; weak ones count too (RFC 9110, 13.1.2).
  fileprivate func matchesTag(_ tag: String) -> Bool {
    split(separator: ",").contains { part in
      var name = part.drop { $0 == " " }
      while name.last == " " { name.removeLast() }
      if name.hasPrefix("W/") { name.removeFirst(2) }
      return name == "*" || name == tag
    }
  }
}
