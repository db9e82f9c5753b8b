import Lane
import Postgres
import TestServers
import Testing
import Time

struct InboxTests {
  @Test func `rule 20: what an id means is fixed by the event's own time, on whatever day it comes again`()
    async throws
  {
    try await TestDatabase.with { test in
      let connection = try Connection.open(test.url, name: "tests")
      try connection.query("CREATE TABLE effects (id text PRIMARY KEY, body text)")
      let midnight = Timestamp(secondsSince1970: Timestamp.now().secondsSince1970 / 86_400 * 86_400)
      let times = [midnight - .seconds(1), midnight, midnight - .seconds(90 * 86_400), .epoch]
      let messages = times.enumerated().map { Recording.Message(id: "\($0)", time: $1, text: "text") }
      var consumer = Recording()
      for message in messages + messages {
        _ = try LaneTransaction.run(&consumer, [message], on: connection)
      }
      _ = try LaneTransaction.run(&consumer, messages, on: connection)
      #expect(try connection.query("SELECT FROM effects").count == times.count)
      // As the clock of a redelivery says another day, a claim by that day would be another row.
      try connection.query("UPDATE inbox SET processed_at = processed_at - interval '1 day'")
      _ = try LaneTransaction.run(&consumer, messages, on: connection)
      let places = try connection.query(
        "SELECT message_id, tableoid::regclass::text FROM inbox ORDER BY message_id::int")
      #expect(places.map { $0.text(0) } == ["0", "1", "2", "3"])
      #expect(places[0].text(1) != places[1].text(1))
      #expect(places[2].text(1) == "inbox_default" && places[3].text(1) == "inbox_default")
    }
  }
}
