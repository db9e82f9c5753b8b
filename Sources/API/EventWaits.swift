import EventStatus
import Events
import Gateway
import Hummingbird
import JSON
import Postgres
import Reads

/// Waits for what becomes of an event that a request has published (`?wait=5`).
struct EventWaits: Sendable {
  let database: Database
  let status: EventStatus

  /// How many seconds a request wants to wait for the outcome; 0 when it doesn't say.
  static func seconds(of request: Request) throws(Problem) -> Int {
    try Fields(query: request, known: ["wait"]).integer("wait", in: 0...30) ?? 0
  }

  /// The answer to a request whose event was published: its number, and where to ask for its outcome.
  static func accepted(_ number: Int?, _ event: Event) -> Answer {
    let number = number ?? 0
    return Answer(
      .accepted,
      [
        "id": .integer(number), "event_id": .string(event.id), "event_type": .string(event.type.rawValue),
        "status": "published",
      ], location: "/api/webhooks/events/\(number)")
  }

  /// 200 with the outcome as soon as every consumer is done or one has failed, within so many seconds; else the
  /// answer as it is.
  func response(to answer: Answer, within seconds: Int) async throws -> Response {
    guard seconds > 0, let number = answer.body["id"].integer.map({ Int($0) }) else { return answer.response }
    let deadline = ContinuousClock.now + .seconds(seconds)
    let status = self.status
    repeat {
      let outcome = try await database.transaction { try status.settle(number, on: $0) }
      if let outcome, outcome.status != "published" {
        var body = answer.body
        body["status"] = .string(outcome.status)
        body["processing_error"] = .text(outcome.error)
        return Answer(.ok, body, location: answer.location).response
      }
      try await Task.sleep(for: .milliseconds(50))
    } while .now < deadline
    return answer.response
  }
}
