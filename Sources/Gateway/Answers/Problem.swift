package import HTTPTypes
package import Hummingbird
package import JSON

/// An answer that says what went wrong (RFC 9457), for callers to read: never with anything secret in it.
package struct Problem: Error, Sendable, Equatable {
  package var status: HTTPResponse.Status
  package var detail: String
  /// The fields that are wrong, and how.
  package var errors: [FieldError]
  package var headers: HTTPFields

  package struct FieldError: Sendable, Equatable {
    package var field: String
    package var detail: String

    package init(field: String, detail: String) {
      self.field = field
      self.detail = detail
    }
  }

  package init(
    _ status: HTTPResponse.Status, _ detail: String, errors: [FieldError] = [], headers: HTTPFields = [:]
  ) {
    self.status = status
    self.detail = detail
    self.errors = errors
    self.headers = headers
  }

  /// 400 for one field.
  package static func invalid(_ field: String, _ detail: String) -> Problem {
    Problem(.badRequest, "\(field): \(detail)", errors: [.init(field: field, detail: detail)])
  }

  /// 401, with the challenge that it must carry (RFC 6750).
  package static func unauthorized(_ detail: String) -> Problem {
    Problem(.unauthorized, detail, headers: [.wwwAuthenticate: "Bearer realm=\"crossdock\""])
  }

  /// 404: also for what belongs to somebody else.
  package static func notFound(_ what: String) -> Problem {
    Problem(.notFound, "there is no such \(what)")
  }

  /// 503, to be tried again after so many seconds.
  package static func unavailable(_ detail: String, retryAfter seconds: Int) -> Problem {
    Problem(.serviceUnavailable, detail, headers: [.retryAfter: String(seconds)])
  }

  package var json: JSON {
    var json: JSON = [
      "type": "about:blank", "title": .string(status.reasonPhrase), "status": .integer(status.code),
      "detail": .string(detail),
    ]
    if !errors.isEmpty {
      json["errors"] = .array(
        errors.map { ["field": .string($0.field), "detail": .string($0.detail)] })
    }
    return json
  }

  package var response: Response {
    var headers = headers
    headers[.contentType] = "application/problem+json"
    headers[.cacheControl] = "no-store"
    return Response(status: status, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: json.bytes)))
  }
}
