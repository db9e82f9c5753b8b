import Foundation

/// Where a broker is and how to sign in, from an `amqp://` or `amqps://` URL. Prints where it is and nothing else.
package struct Address: Sendable, Hashable {
  package var host: String
  package var port: Int
  package var user: String
  package var password: String
  package var virtualHost: String
  package var usesTLS: Bool
  /// A PEM file of the authorities to trust (`cacertfile`); nil means the system's.
  package var authorities: String?
  /// Whether the broker's certificate must be valid (`verify=verify_none` turns it off).
  package var verifiesPeer: Bool

  /// Reads one or several URLs separated by commas, in the order of preference.
  package static func parse(_ list: String) throws(AddressError) -> [Address] {
    var addresses: [Address] = []
    for part in list.split(separator: ",") {
      addresses.append(try Address(String(part).trimmingCharacters(in: .whitespacesAndNewlines)))
    }
    guard !addresses.isEmpty else { throw AddressError(reason: "it is empty") }
    return addresses
  }

  /// Reads `amqp[s]://[user[:password]@]host[:port][/vhost][?cacertfile=…&verify=…]`, percent-encoded.
  package init(_ url: String) throws(AddressError) {
    // Foundation would encode a space and go on; it is another setting that slipped into this one.
    guard !url.contains(where: \.isWhitespace) else { throw AddressError(reason: "there is a space in it") }
    guard let components = URLComponents(string: url), let scheme = components.scheme?.lowercased() else {
      throw AddressError(reason: "it is not a URL")
    }
    guard scheme == "amqp" || scheme == "amqps" else {
      throw AddressError(reason: "its scheme is '\(scheme)', not amqp or amqps")
    }
    usesTLS = scheme == "amqps"
    let named = components.host ?? ""
    host = named.isEmpty ? "localhost" : named.trimmingCharacters(in: ["[", "]"])
    port = components.port ?? (usesTLS ? 5671 : 5672)
    guard (1...65_535).contains(port) else { throw AddressError(reason: "\(port) is not a port") }
    user = components.user ?? "guest"
    password = components.password ?? "guest"
    let path = components.path.dropFirst()
    virtualHost = path.isEmpty ? "/" : String(path)
    let options = components.queryItems ?? []
    authorities = options.first { $0.name == "cacertfile" }?.value
    verifiesPeer = options.first { $0.name == "verify" }?.value != "verify_none"
    guard !virtualHost.contains("://") else { throw AddressError(reason: "it holds another address") }
    for text in [host, user, password, virtualHost] where text.utf8.contains(0) {
      throw AddressError(reason: "it contains a NUL")
    }
  }
}

extension Address: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  package var description: String {
    "\(usesTLS ? "amqps" : "amqp")://\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  package var debugDescription: String { description }
  package var customMirror: Mirror { Mirror(self, children: []) }
}

/// Why a broker URL can't be used. Never repeats the URL, which holds a password.
package struct AddressError: Error, Equatable, CustomStringConvertible {
  package let reason: String
  package var description: String { "the broker's URL can't be used: \(reason)" }
}
