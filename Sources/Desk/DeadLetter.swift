import Crypto
import Foundation
package import JSON
import Lane
package import RabbitMQ
package import Time
package import Topology

/// A message in a dead-letter queue, as the person at the desk sees it.
package struct DeadLetter: Sendable {
  /// The work queue it died in.
  package let queue: Queue
  /// Its message id; where it has none, `body:` and 16 hex digits of the body's SHA-256.
  package let id: String
  package let type: String?
  package let routingKey: String
  package let body: [UInt8]
  package let headers: [(String, HeaderValue)]
  /// Published by; kept for when it goes back.
  package let properties: Publishing
  package let errorClass: String
  package let error: String
  /// What it is grouped by.
  package let fingerprint: String
  package let attempts: Int
  package let firstFailedAt: Timestamp?
  package let deadAt: Timestamp?
  /// How often it was requeued from the dead before.
  package let generation: Int
  /// The version of Crossdock that gave up on it.
  package let build: String?

  init(_ delivery: Delivery, queue: Queue) {
    self.queue = queue
    let body = delivery.withBody { Array($0) }
    self.body = body
    id = delivery.messageID.flatMap { Self.isNamable($0) ? $0 : nil } ?? "body:" + Self.digest(of: body)
    type = delivery.type
    routingKey = delivery.routingKey
    headers = delivery.headers
    properties = Publishing(
      messageID: delivery.messageID, type: delivery.type, appID: delivery.appID,
      contentType: delivery.contentType, timestamp: delivery.timestamp, headers: [])
    let death = BrokerDeath(delivery)
    errorClass = delivery.header(LetterHeader.errorClass)?.text ?? Failure.Class.crashedWorker.rawValue
    error = delivery.header(LetterHeader.error)?.text ?? death.sentence
    fingerprint = delivery.header(LetterHeader.fingerprint)?.text ?? errorClass + "/" + death.reason
    attempts = Int(clamping: delivery.header(LetterHeader.attempts)?.integer ?? Int64(death.count))
    firstFailedAt = delivery.header(LetterHeader.firstFailedAt)?.text.flatMap { Timestamp($0) }
    deadAt = delivery.header(LetterHeader.deadAt)?.text.flatMap { Timestamp($0) } ?? death.time
    generation = Int(clamping: delivery.header(LetterHeader.generation)?.integer ?? 0)
    build = delivery.header(LetterHeader.build)?.text
  }

  /// Postgres takes no NUL in a text.
  private static func isNamable(_ id: String) -> Bool { !id.isEmpty && !id.utf8.contains(0) }

  private static func digest(of body: [UInt8]) -> String {
    SHA256.hash(data: body).prefix(8).map { byte in
      String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// Which death of which message it is.
  package var key: LetterKey {
    LetterKey(queue: queue, id: id, generation: generation, deadAt: deadAt)
  }

  /// 16 hex digits that change with the payload.
  package var digest: String { Self.digest(of: body) }

  /// As programs see it, without payload and headers.
  package var summary: JSON {
    [
      "id": .string(id), "queue": .string(queue.rawValue), "type": .text(type),
      "error_class": .string(errorClass), "error": .string(error), "fingerprint": .string(fingerprint),
      "attempts": .integer(attempts), "first_failed_at": .time(firstFailedAt), "dead_at": .time(deadAt),
      "generation": .integer(generation), "build": .text(build), "bytes": .integer(body.count),
    ]
  }

  /// With headers and the payload: as JSON where it is JSON, as text where it is text, else in base64.
  package var full: JSON {
    var members = summary.object
    members["headers"] = .object(
      Dictionary(headers.map { ($0.0, $0.1.json) }, uniquingKeysWith: { first, _ in first }))
    if let json {
      members["payload"] = json
    } else if let text = String(validating: body, as: UTF8.self) {
      members["payload"] = .string(text)
    } else {
      members["payload_base64"] = .string(Data(body).base64EncodedString())
    }
    return .object(members)
  }
}

/// One death of a message: the same id can die again, a generation on or at another moment.
package struct LetterKey: Sendable, Hashable {
  package var queue: Queue
  package var id: String
  package var generation: Int
  package var deadAt: Timestamp?

  package init(queue: Queue, id: String, generation: Int, deadAt: Timestamp?) {
    self.queue = queue
    self.id = id
    self.generation = generation
    self.deadAt = deadAt
  }
}

/// What the broker noted when it moved a message by itself.
private struct BrokerDeath {
  var reason: String
  var count: Int
  var time: Timestamp?

  init(_ delivery: Delivery) {
    let first = delivery.header("x-death")?.array.first
    reason = first?["reason"]?.text ?? "unknown"
    count = Int(clamping: delivery.header("x-delivery-count")?.integer ?? first?["count"]?.integer ?? 0)
    time = first?["time"]?.integer.map { Timestamp(secondsSince1970: $0) }
  }

  var sentence: String {
    switch reason {
    case "delivery_limit": "it was returned too often: its workers ended while they held it"
    case "unknown": "nothing is noted on it"
    default: "the broker moved it here: \(reason)"
    }
  }
}

extension HeaderValue {
  /// The same value for programs.
  package var json: JSON {
    switch self {
    case .null: .null
    case .bool(let flag): .bool(flag)
    case .integer(let number): .integer(number)
    case .double(let number): .init(floatLiteral: number)
    case .text(let text): .string(text)
    case .bytes(let bytes): .string(String(decoding: bytes, as: UTF8.self))
    case .timestamp(let seconds): .time(Timestamp(secondsSince1970: Int64(clamping: seconds)))
    case .array(let values): .array(values.map(\.json))
    case .table(let entries): .object(entries.mapValues(\.json))
    }
  }
}
