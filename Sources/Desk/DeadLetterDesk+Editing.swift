import Events
import JSON
import Postgres
import Time
package import Topology

extension DeadLetterDesk {
  /// Sends a corrected payload in a letter's place, under the same id; the original stays in the record.
  ///
  /// - Throws: `DeskError` when there is no such letter, when the payload would die again, or when the id has had
  ///   its effect already, so that the correction would be dropped in silence (Rule 29).
  package func edit(
    _ id: String, in queues: [Queue] = Queue.allCases, to body: [UInt8], by warrant: Warrant
  ) throws -> Acted {
    let letters = try letters(Selection(queues: queues, ids: [id]))
    guard let letter = letters.first else {
      throw DeskError("no dead letter has the id \(id): `crossdock dlq list` shows them")
    }
    guard letters.allSatisfy({ $0.queue == letter.queue }) else {
      throw DeskError("\(id) is dead in several queues: choose one with --queue")
    }
    if let error = Self.objection(to: body, for: letter) { throw error }
    let times = [letter.json, try? JSON.parse(body)].compactMap { $0?["time"].timestamp }
    guard try !hasHadItsEffect(letter, times: times) else {
      throw DeskError(
        "\(id) has had its effect already, the correction would change nothing: discard the letter")
    }
    return try act(
      .edit(body), on: .selection(Selection(queues: [letter.queue], ids: [id])), by: warrant)
  }

  /// Why a payload can't go in a letter's place; nil when it can.
  package static func objection(to body: [UInt8], for letter: DeadLetter) -> DeskError? {
    guard let json = try? JSON.parse(body) else { return DeskError("the new payload is not JSON") }
    guard !letter.queue.takesJobs else { return nil }
    do throws(EventError) {
      let event = try Event.decode(body)
      guard event.id == letter.id else {
        return DeskError(
          "the new payload has the id \(event.id), the letter \(letter.id): they must be the same")
      }
    } catch {
      return DeskError("the new payload would die as well: \(error)")
    }
    guard let time = letter.json?["time"].timestamp, time != json["time"].timestamp else { return nil }
    return DeskError("the new payload has another time: an id keeps its time, here \(time)")
  }

  private func hasHadItsEffect(_ letter: DeadLetter, times: [Timestamp]) throws -> Bool {
    try openDatabase().query(
      "SELECT FROM inbox WHERE consumer = $1 AND event_time = ANY($2) AND message_id = $3",
      [letter.queue.rawValue, times, letter.id]
    ).count > 0
  }
}
