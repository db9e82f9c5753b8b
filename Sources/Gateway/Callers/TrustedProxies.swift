import Foundation

/// The proxies that are believed when they say for whom they ask (`TRUSTED_PROXIES`): addresses, or networks such as
/// `10.0.0.0/8`.
package struct TrustedProxies: Sendable, Equatable {
  private var networks: [Network] = []

  /// Nobody is believed.
  package init() {}

  /// Nil when one of the texts is neither an address nor a network.
  package init?(_ texts: [String]) {
    let networks = texts.map { Network($0) }
    self.networks = networks.compactMap { $0 }
    guard self.networks.count == texts.count else { return nil }
  }

  /// Whose request it is: the peer's, unless that is a trusted proxy. Then it is the last of `forwarded` that no trusted
  /// proxy has, since each adds at the end whom it heard; what stands before that may be made up.
  ///
  /// - Parameter forwarded: the values of `X-Forwarded-For`.
  package func client(peer: String, forwarded: [String]) -> String {
    guard isTrusted(peer) else { return peer }
    var client = peer
    for name in forwarded.joined(separator: ",").split(separator: ",").reversed() {
      let name = String(name.trimmingPrefix { $0 == " " }.prefix { $0 != " " })
      // Who writes what is no address is believed no further.
      guard Network(name) != nil, !name.contains("/") else { return client }
      client = name
      guard isTrusted(name) else { return client }
    }
    return client
  }

  private func isTrusted(_ text: String) -> Bool {
    guard let address = Network(text) else { return false }
    return networks.contains { $0.contains(address) }
  }
}

/// An address with how many of its first bits count.
private struct Network: Sendable, Equatable {
  private let bytes: [UInt8]
  private let bits: Int

  init?(_ text: String) {
    let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
    guard let bytes = Self.bytes(String(parts[0])) else { return nil }
    self.bytes = bytes
    guard parts.count == 2 else {
      bits = bytes.count * 8
      return
    }
    guard let bits = Int(parts[1]), (0...bytes.count * 8).contains(bits) else { return nil }
    self.bits = bits
  }

  /// Four or sixteen bytes, in network order; an IPv4 address within IPv6 is that address.
  private static func bytes(_ text: String) -> [UInt8]? {
    var short = in_addr()
    if inet_pton(AF_INET, text, &short) == 1 { return withUnsafeBytes(of: short) { Array($0) } }
    var long = in6_addr()
    guard inet_pton(AF_INET6, text, &long) == 1 else { return nil }
    let bytes = withUnsafeBytes(of: long) { Array($0) }
    let mapped: [UInt8] = Array(repeating: 0, count: 10) + [255, 255]
    return bytes.starts(with: mapped) ? Array(bytes.dropFirst(12)) : bytes
  }

  func contains(_ address: Network) -> Bool {
    guard address.bytes.count == bytes.count else { return false }
    return (0..<bits).allSatisfy { bit in
      let mask = UInt8(0x80) >> UInt8(bit % 8)
      return bytes[bit / 8] & mask == address.bytes[bit / 8] & mask
    }
  }
}
