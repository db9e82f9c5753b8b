import Foundation
import Gateway
import HTTPTypes
import Hummingbird
import JSON
import Mustache
import NIOCore
import Time

/// The pages' templates and files, read once.
package struct Views: Sendable {
  private let library: MustacheLibrary
  private let assets: [String: Asset]

  private struct Asset: Sendable {
    var type: String
    var text: String
  }

  /// Throws when a file that belongs beside the executable is missing or is no template.
  package init() throws {
    let folder = Bundle.module.bundleURL
    var templates: [String: MustacheTemplate] = [:]
    for (name, text) in try Self.files(in: folder.appendingPathComponent("templates")) {
      templates[String(name.prefix { $0 != "." })] = try MustacheTemplate(string: text)
    }
    library = MustacheLibrary(templates: templates)
    let types = [
      "css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml",
    ]
    assets = try Self.files(in: folder.appendingPathComponent("assets")).reduce(into: [:]) { assets, file in
      let ending = file.name.split(separator: ".").last.map(String.init) ?? ""
      assets[file.name] = Asset(type: types[ending] ?? "text/plain", text: file.text)
    }
  }

  private static func files(in folder: URL) throws -> [(name: String, text: String)] {
    try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted().map { name in
      (name, try String(contentsOf: folder.appendingPathComponent(name), encoding: .utf8))
    }
  }

  // MARK: Answers

  /// Nothing from elsewhere, nothing inline, nobody may frame it.
  private static let policy = """
    default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self'; base-uri 'none'; frame-ancestors 'none'
    """

  private static func headers(_ type: String) -> HTTPFields {
    var headers: HTTPFields = [.contentType: type, .cacheControl: "no-store", .contentSecurityPolicy: policy]
    headers[.xContentTypeOptions] = "nosniff"
    if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "same-origin" }
    return headers
  }

  /// A page in the frame that all have.
  ///
  /// - Parameters:
  ///   - section: which of the sections it belongs to, for the navigation.
  ///   - isLive: whether the parts marked as live follow what happens (`LivePages`).
  func page(
    _ template: String, _ values: [String: Any], title: String, section: Section? = nil, for caller: Caller?,
    isLive: Bool = false, status: HTTPResponse.Status = .ok
  ) throws -> Response {
    guard let content = library.render(values, withTemplate: template) else {
      throw Problem(.internalServerError, "there is no template \(template)")
    }
    var frame: [String: Any] = ["title": title, "content": content]
    if let caller {
      frame["visitor"] = ["subject": caller.subject, "role": caller.role.rawValue]
      frame["sections"] = Section.all(for: caller).map {
        ["href": $0.rawValue, "label": $0.label, "current": $0 == section] as [String: Any]
      }
    }
    frame["isLive"] = isLive
    frame["now"] = Shown.time(.time(.now()))
    guard let html = library.render(frame, withTemplate: "frame") else {
      throw Problem(.internalServerError, "there is no template frame")
    }
    return Response(
      status: status, headers: Self.headers("text/html; charset=utf-8"),
      body: .init(byteBuffer: ByteBuffer(string: html)))
  }

  /// What the frame of a live page holds; nil of a page that is not live.
  static func main(of page: String) -> Substring? {
    guard page.contains("<body data-live-page>"), let start = page.firstRange(of: "<main"),
      let end = page.firstRange(of: "</main>"), start.lowerBound < end.lowerBound
    else { return nil }
    return page[start.lowerBound..<end.upperBound]
  }

  /// A page that says what went wrong.
  func problem(_ error: any Error, for caller: Caller?) throws -> Response {
    guard let problem = error as? Problem else { throw error }
    let values: [String: Any] = ["detail": problem.detail, "status": problem.status.code]
    return try page(
      "problem", values, title: problem.status.reasonPhrase, for: caller, status: problem.status)
  }

  /// A style sheet, a script, a picture.
  func asset(_ name: String) throws(Problem) -> Response {
    guard let asset = assets[name] else { throw .notFound("file") }
    var headers = Self.headers(asset.type)
    headers[.cacheControl] = "public, max-age=300"
    return Response(
      status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(string: asset.text)))
  }
}

/// The parts of the dashboard; the raw value is the address.
enum Section: String, CaseIterable {
  case overview = "/"
  case deadLetters = "/dead-letters"
  case stock = "/stock"
  case orders = "/orders"
  case conversations = "/conversations"
  case polling = "/polling"
  case connections = "/connections"
  case reconciliations = "/reconciliations"
  case events = "/events"
  case activity = "/activity"

  var label: String {
    switch self {
    case .overview: "Overview"
    case .deadLetters: "Dead letters"
    case .stock: "Stock"
    case .orders: "Orders"
    case .conversations: "Conversations"
    case .polling: "Polling"
    case .connections: "Connections"
    case .reconciliations: "Reconciliations"
    case .events: "Events"
    case .activity: "Activity"
    }
  }

  /// A seller has no dead letters.
  static func all(for caller: Caller) -> [Section] {
    caller.owner == nil ? allCases : allCases.filter { $0 != .deadLetters }
  }
}
