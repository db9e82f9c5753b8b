import Foundation
import Gateway
import Hummingbird
import JSON
import Reads

extension Caller {
  /// What the caller sees, of one connection or of all.
  func scope(connection: UUID? = nil) -> Scope { Scope(owner: owner, connection: connection) }

  /// 404 for a seller: what belongs to the installation as a whole is not there for him.
  func requireOperator() throws(Problem) {
    guard owner == nil else { throw .notFound("thing here for the role seller") }
  }
}

extension CallerContext {
  /// A part of the path as text; 404 where it can't name anything.
  func name(_ parameter: String) throws(Problem) -> String {
    guard let raw = parameters.get(parameter), let text = raw.removingPercentEncoding, !text.isEmpty,
      text.utf8.count <= 500, !text.utf8.contains(0)
    else { throw .notFound("thing of that name") }
    return text
  }

  /// A part of the path that is one of our numbers; 404 for what can't be one.
  func number(_ parameter: String) throws(Problem) -> Int {
    let text = try name(parameter)
    guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
      let number = Int(text)
    else { throw .notFound("thing of that number") }
    return number
  }

  /// A part of the path that is a connection's id; 404 for what can't be one.
  func connection(_ parameter: String) throws(Problem) -> UUID {
    guard let id = UUID(uuidString: try name(parameter)) else { throw .notFound("connection") }
    return id
  }
}

extension PageRequest {
  /// The page in the reads' words: one row more than shown, which tells whether there are more.
  func wish() throws(Problem) -> PageWish {
    PageWish(before: try number("id"), limit: limit + 1)
  }

  /// A number within the cursor.
  func number(_ name: String) throws(Problem) -> Int? {
    guard let after else { return nil }
    guard let number = after[name].integer.flatMap({ Int(exactly: $0) }) else {
      throw .invalid("cursor", "must be the `next` of an earlier page")
    }
    return number
  }

  /// The answer of a list whose key is `id`.
  func answer(to request: Request, _ items: [JSON]) -> Response {
    response(to: request, items) { ["id": $0["id"]] }
  }
}

/// What existing users know as the frame of an answer.
func success(_ data: JSON) -> JSON { ["status": "success", "data": data] }
