import CPostgres

/// Where the servers of a libpq connection string are, for people: without user, password and database.
package enum ServerPlace {
  /// `postgresql://one:5432,two:5433`; nil when libpq can't read the string, or when an address has a space in it, which
  /// is another setting that slipped into it.
  package static func of(_ connectionString: String) -> String? {
    if connectionString.contains("://"), connectionString.contains(where: \.isWhitespace) { return nil }
    let isName = connectionString.allSatisfy { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
    if isName { return "postgresql://" }
    guard let options = PQconninfoParse(connectionString, nil) else { return nil }
    defer { PQconninfoFree(options) }
    var values: [String: String] = [:]
    var place = options
    while let keyword = place.pointee.keyword {
      if let value = place.pointee.val { values[String(cString: keyword)] = String(cString: value) }
      place += 1
    }
    let hosts = (values["host"] ?? values["hostaddr"] ?? "").split(
      separator: ",", omittingEmptySubsequences: false)
    let ports = (values["port"] ?? "").split(separator: ",", omittingEmptySubsequences: false)
    let servers = hosts.indices.map { index in
      let port = ports.count == 1 ? ports[0] : index < ports.count ? ports[index] : ""
      return port.isEmpty ? hosts[index] : "\(hosts[index]):\(port)"
    }
    return "postgresql://" + servers.joined(separator: ",")
  }
}
