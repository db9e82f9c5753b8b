import Foundation
import JSON
import Yams

/// The files of this checkout.
enum OpsFiles {
  static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  static func url(_ path: String) -> URL { root.appendingPathComponent(path) }

  static func text(_ path: String) throws -> String {
    try String(contentsOf: url(path), encoding: .utf8)
  }

  /// The paths below a folder whose names end so, in order.
  static func paths(below folder: String, ending: String) -> [String] {
    let found = FileManager.default.enumerator(atPath: url(folder).path)?.compactMap { $0 as? String } ?? []
    return found.filter { $0.hasSuffix(ending) }.sorted().map { folder + "/" + $0 }
  }

  /// Every document of a YAML file, as JSON trees.
  static func yaml(_ path: String) throws -> [JSON] {
    var documents = try Yams.compose_all(yaml: text(path))
    var trees: [JSON] = []
    while let node = documents.next() { trees.append(JSON(node)) }
    if let error = documents.error { throw error }
    return trees
  }

  static func json(_ path: String) throws -> JSON { try JSON.parse(text(path)) }
}

extension JSON {
  /// Scalars keep their text: `8080` and `"8080"` are a number and a string as in YAML's core schema.
  fileprivate init(_ node: Node) {
    switch node {
    case .scalar(let scalar):
      switch Tag.Name(rawValue: node.tag.description) {
      case .null: self = .null
      case .bool: self = node.bool.map(JSON.bool) ?? .string(scalar.string)
      case .int, .float: self = .number(scalar.string)
      default: self = .string(scalar.string)
      }
    case .mapping(let mapping):
      var members: [String: JSON] = [:]
      // What a merge key brings stands behind the mapping's own keys.
      for (key, value) in mapping where key.string == "<<" { members = JSON(value).object }
      for (key, value) in mapping where key.string != "<<" { members[key.string ?? ""] = JSON(value) }
      self = .object(members)
    case .sequence(let sequence): self = .array(sequence.map { JSON($0) })
    case .alias: self = .null
    }
  }
}
