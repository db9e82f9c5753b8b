import Foundation

/// What the browser brings back from the page where an account's owner was asked (RFC 6749, section 4.1.2).
package enum CodeReply: Equatable {
  case code(String)
  /// The owner or the marketplace said no; its error code.
  case refused(String)
  /// It answers another question than ours.
  case foreign

  /// Reads the address that the browser was sent to, or the code alone; nil when it is neither.
  package init?(_ text: String, state: String) {
    let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
    guard text.contains("?") else {
      guard !text.isEmpty, !text.contains(where: { $0.isWhitespace || $0 == "/" }) else { return nil }
      self = .code(text)
      return
    }
    guard let items = URLComponents(string: text)?.queryItems else { return nil }
    func value(_ name: String) -> String? { items.first { $0.name == name }?.value }
    guard value("state") == state else {
      self = .foreign
      return
    }
    if let code = value("code"), !code.isEmpty {
      self = .code(code)
    } else if let error = value("error") {
      self = .refused(error)
    } else {
      return nil
    }
  }
}
