import Gateway
import HTTPTypes
import JSON
import Testing

struct PollingRouteTests {
  private static let path = "/api/v1/orders/polling"

  @Test func `the status has every member that existing users know`() async throws {
    try await Office.with { office in
      try await office.run(
        """
        INSERT INTO order_statistics (connection_id, created, updated, known, last_poll_at)
        VALUES ('\(Office.account)', 120, 25, 1100, '2025-01-23T15:30:00Z')
        """)
      try await office.run("INSERT INTO order_errors VALUES ('\(Office.account)', 'sync', 'bad_data', 2)")
      let answer = try await office.ask(.get, Self.path + "/status")
      let data = answer.json["data"]
      #expect(answer.json["status"] == "success" && data["enabled"] == true && data["interval_minutes"] == 10)
      #expect(data["lookback_minutes"] == 15 && data["batch_size"] == 50 && data["webhooks_enabled"] == false)
      #expect(data["last_poll_time"] == "2025-01-23T15:30:00Z" && data["status"] == "scheduler_not_running")
      for name in ["polling_service_initialized", "will_execute_next_cycle", "seconds_until_next_poll"] {
        #expect(data.object[name] != nil)
      }
      let statistics = data["statistics"]
      #expect(statistics["total_polled"] == 1247 && statistics["already_synced"] == 1100)
      #expect(statistics["newly_synced"] == 120 && statistics["updated"] == 25)
      #expect(statistics["sync_errors"] == 2 && statistics["success_rate"] == 98.6)
      #expect(try await office.ask(.get, Self.path + "/stats").json["data"] == statistics)
    }
  }

  @Test func `a reset begins anew`() async throws {
    try await Office.with { office in
      try await office.run(
        "INSERT INTO order_statistics (connection_id, created) VALUES ('\(Office.account)', 5)")
      let answer = try await office.ask(.post, Self.path + "/reset-stats")
      #expect(answer.status == 200 && answer.json["data"]["newly_synced"] == 0)
      #expect(try await office.ask(.get, Self.path + "/stats").json["data"]["total_polled"] == 0)
    }
  }

  @Test func `what is configured is in force for the next look, and what is not given stays`() async throws {
    try await Office.with { office in
      func put(_ body: String) async throws -> JSON {
        try await office.ask(.put, Self.path + "/config", as: "ann", .operator, body: body).json["data"]
      }
      #expect(try await put(#"{"interval_minutes":3,"batch_size":7}"#)["interval_minutes"] == 3)
      #expect(try await put(#"{"enabled":false}"#)["enabled"] == false)
      let status = try await office.ask(.get, Self.path + "/status").json["data"]
      #expect(status["batch_size"] == 7 && status["enabled"] == false && status["status"] == "disabled")
      let wrong = try await office.ask(
        .put, Self.path + "/config", as: "ann", .operator, body: #"{"batch_size":251}"#)
      #expect(wrong.status == 400 && wrong.json["errors"][0]["field"] == "batch_size")
    }
  }

  @Test func `a trigger waits for its run and the orders that it brought`() async throws {
    try await Office.with { office in
      let answer = try await withThrowingTaskGroup(of: Office.Answer?.self) { group in
        group.addTask {
          try await office.ask(.post, Self.path + "/trigger", body: #"{"lookback_minutes":30}"#)
        }
        group.addTask {
          while try await office.count("SELECT count(*) FROM poll_runs WHERE finished_at IS NULL") == 0 {
            try await Task.sleep(for: .milliseconds(5))
          }
          try await office.run(
            """
            INSERT INTO poll_run_orders (message_id, run_id, outcome)
            SELECT 'm' || n, (SELECT max(id) FROM poll_runs), 'created' FROM generate_series(1, 25) AS n
            """)
          try await office.run(
            """
            UPDATE poll_runs SET finished_at = clock_timestamp(), events = 28, new_events = 25
             WHERE finished_at IS NULL
            """)
          return nil
        }
        var answer: Office.Answer?
        for try await one in group { if let one { answer = one } }
        return answer
      }
      let data = try #require(answer?.json["data"])
      #expect(answer?.status == 200 && data["status"] == "success")
      #expect(data["message"] == "Polling complete: 25/28 orders synced")
      let statistics = data["statistics"]
      #expect(statistics["total_polled"] == 28 && statistics["already_synced"] == 3)
      #expect(statistics["newly_synced"] == 25 && statistics["success_rate"] == 100.0)
    }
  }

  @Test func `a trigger that takes longer answers with the run, which can be asked for`() async throws {
    try await Office.with { office in
      let answer = try await office.ask(.post, Self.path + "/trigger?wait=0")
      #expect(answer.status == 202 && answer.json["data"]["run_id"] == 2)
      let location = try #require(answer.headers[.location])
      #expect(try await office.ask(.get, location).json["data"]["status"] == "running")
      #expect(try await office.ask(.get, location, as: "stranger").status == 404)
    }
  }
}
