import Foundation
import Mustache

/// What messages to buyers say: one Mustache template per language and kind. Bodies are plain text, nothing in them
/// is escaped.
package struct Templates: Sendable {
  /// The language of those who name none, or one that there are no templates of.
  package static let defaultLanguage = "en"

  private var templates: [String: [MessageKind: MustacheTemplate]] = [:]

  /// `folder`: templates of the user's own, `<language>/<kind>.mustache`, that take the place of ours or add a
  /// language.
  ///
  /// - Throws: `TemplateError` when a file can't be read or is no template.
  package init(overrides folder: String? = nil) throws(TemplateError) {
    guard let ours = Bundle.module.url(forResource: "templates", withExtension: nil) else {
      throw TemplateError(
        "the message templates are missing beside the executable: install the whole build folder")
    }
    try load(ours)
    if let folder { try load(URL(fileURLWithPath: folder, isDirectory: true)) }
  }

  /// The message's text, in the language asked for if there is a template in it, else in English.
  package func body(_ kind: MessageKind, language: String, values: MessageValues) -> String {
    let own = templates[Self.plain(language)]?[kind]
    guard let template = own ?? templates[Self.defaultLanguage]?[kind] else { return "" }
    return template.render(values.members).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// `pl` of `pl-PL`.
  private static func plain(_ language: String) -> String {
    language.lowercased().prefix { $0 != "-" && $0 != "_" }.description
  }

  private mutating func load(_ folder: URL) throws(TemplateError) {
    guard let languages = try? FileManager.default.contentsOfDirectory(atPath: folder.path) else {
      throw TemplateError("the folder of message templates \(folder.path) can't be read")
    }
    for language in languages {
      for kind in MessageKind.allCases {
        let file = folder.appendingPathComponent(language).appendingPathComponent(kind.rawValue + ".mustache")
        guard let bytes = FileManager.default.contents(atPath: file.path) else { continue }
        do {
          templates[Self.plain(language), default: [:]][kind] = try MustacheTemplate(
            string: "{{% CONTENT_TYPE: TEXT }}\n" + String(decoding: bytes, as: UTF8.self))
        } catch {
          throw TemplateError("\(file.path) is no Mustache template: \(error)")
        }
      }
    }
  }
}

/// Message templates that can't be used: one plain sentence.
package struct TemplateError: Error, Sendable, CustomStringConvertible {
  package let description: String

  init(_ description: String) {
    self.description = description
  }
}
