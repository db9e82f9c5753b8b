import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Postgres
import Testing

private struct Shelf: Routes {
  func add(to routes: GatewayRoutes) {
    routes.open.post("/shelf/:id") { request, context in
      let fields = try await Fields(body: request, known: ["quantity", "note"], limit: 200)
      let quantity = try required("quantity", fields.integer("quantity", in: 1...10))
      return Response.json(["quantity": .integer(quantity), "note": .text(try fields.text("note", upTo: 5))])
    }
    routes.open.get("/shelf") { request, _ in
      let query = try Fields(query: request, known: PageRequest.fields.union(["open"]))
      let page = try PageRequest(query)
      let from = Int(page.after?["n"].integer ?? 0)
      let items = (from..<5).prefix(page.limit + 1).map { JSON.integer($0) }
      return page.response(to: request, items) { ["n": .integer(($0.integer ?? 0) + 1)] }
    }
    routes.open.get("/away") { _, _ -> Response in
      throw PostgresError(kind: .unavailable, message: "host db.internal is down")
    }
    routes.open.get("/broken") { _, _ -> Response in
      throw PostgresError(kind: .other, message: "column secret does not exist")
    }
  }
}

struct ProblemTests {
  let door = Door(routes: Shelf())

  @Test func `a wrong field is named`() async throws {
    for (body, field) in [
      (#"{}"#, "quantity"), (#"{"quantity":0}"#, "quantity"), (#"{"quantity":"3"}"#, "quantity"),
      (#"{"quantity":2.5}"#, "quantity"), (#"{"quantity":3,"colour":1}"#, "colour"),
      (#"{"quantity":3,"note":"too long"}"#, "note"), (#"{"quantity":3,"note":7}"#, "note"),
    ] {
      let answer = try await door.ask(.post, "/shelf/1", body: body)
      #expect(answer.status == 400)
      #expect(answer.json["errors"][0]["field"].text == field, "\(body)")
      #expect(answer.headers[.contentType] == "application/problem+json")
    }
    let answer = try await door.ask(.post, "/shelf/1", body: #"{"quantity":3.0,"note":"a"}"#)
    #expect(answer.json == ["quantity": 3, "note": "a"])
  }

  @Test func `what is no JSON object, too large or encoded is refused`() async throws {
    #expect(try await door.ask(.post, "/shelf/1", body: "{").status == 400)
    #expect(try await door.ask(.post, "/shelf/1", body: "[]").status == 400)
    let large = try await door.ask(.post, "/shelf/1", body: String(repeating: " ", count: 201))
    #expect(large.status == 413 && large.json["title"] == "Content Too Large")
    let text = try await door.ask(.post, "/shelf/1", headers: [.contentType: "text/plain"], body: "{}")
    #expect(text.status == 415)
    let packed = try await door.ask(.post, "/shelf/1", headers: [.contentEncoding: "gzip"], body: "{}")
    #expect(packed.status == 415 && packed.headers[.acceptEncoding] == "identity")
  }

  @Test func `an unknown path is 404, a known one with another method 405`() async throws {
    let nothing = try await door.ask(.get, "/nothing")
    #expect(nothing.status == 404 && nothing.json["status"] == 404)
    let other = try await door.ask(.delete, "/shelf/1")
    #expect(other.status == 405 && other.headers[.allow] == "POST")
    #expect(try await door.ask(.head, "/shelf").status == 200)
  }

  @Test func `a failure says no more than its caller may know`() async throws {
    let away = try await door.ask(.get, "/away")
    #expect(away.status == 503 && away.headers[.retryAfter] == "5" && !away.body.contains("db.internal"))
    let broken = try await door.ask(.get, "/broken")
    #expect(broken.status == 500 && !broken.body.contains("secret"))
  }

  @Test func `a list is read page by page`() async throws {
    var seen: [Int64] = []
    var cursor: String? = ""
    while let here = cursor {
      let answer = try await door.ask(.get, "/shelf?limit=2" + (here.isEmpty ? "" : "&cursor=\(here)"))
      seen += answer.json["items"].array.compactMap(\.integer)
      cursor = answer.json["next"].text
    }
    #expect(seen == [0, 1, 2, 3, 4])
    #expect(try await door.ask(.get, "/shelf?cursor=zzz").status == 400)
    #expect(try await door.ask(.get, "/shelf?limit=0").status == 400)
    #expect(try await door.ask(.get, "/shelf?cursor=%00").status == 400)
    #expect(try await door.ask(.get, "/shelf?limit=1&limit=2").json["errors"][0]["field"] == "limit")
    #expect(try await door.ask(.get, "/shelf?colour=red").json["errors"][0]["field"] == "colour")
  }

  @Test func `who has the list already gets 304`() async throws {
    let first = try await door.ask(.get, "/shelf")
    let tag = try #require(first.headers[.eTag])
    let again = try await door.ask(.get, "/shelf", headers: [.ifNoneMatch: "\"x\", W/\(tag)"])
    #expect(again.status == 304 && again.body.isEmpty)
    #expect(try await door.ask(.get, "/shelf?limit=1", headers: [.ifNoneMatch: tag]).status == 200)
  }
}
