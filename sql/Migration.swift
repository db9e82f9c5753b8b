import Crypto
import Foundation

/// One file `NNNN_name.sql` of `sql/migrations`. Once released it never changes.
package struct Migration: Sendable, Equatable {
  /// The number in front of the file's name; migrations are applied in its order.
  package let version: Int
  package let name: String
  package let sql: String
  /// SHA-256 of the file, in hexadecimal.
  package let checksum: String

  package init(version: Int, name: String, sql: String) {
    self.version = version
    self.name = name
    self.sql = sql
    checksum = SHA256.hash(data: Data(sql.utf8)).map { String(format: "%02x", $0) }.joined()
  }

  /// As the file is called, without its ending: `0001_core`.
  package var label: String {
    let digits = String(version)
    return String(repeating: "0", count: max(0, 4 - digits.count)) + digits + "_" + name
  }
}

extension Migration {
  /// The migrations that belong to this build, in order.
  package static func bundled() throws(MigrationError) -> [Migration] {
    guard let folder = Bundle.module.url(forResource: "migrations", withExtension: nil) else {
      throw MigrationError("the migrations are missing beside the executable: install the whole build folder")
    }
    return try load(folder)
  }

  /// The migrations in a folder, in order; other files are ignored.
  static func load(_ folder: URL) throws(MigrationError) -> [Migration] {
    var found: [Int: Migration] = [:]
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    for file in names where file.hasSuffix(".sql") {
      let parts = file.dropLast(4).split(separator: "_", maxSplits: 1)
      guard parts.count == 2, let version = Int(parts[0]), version >= 0 else {
        throw MigrationError("\(file) is not called NNNN_name.sql")
      }
      guard let bytes = FileManager.default.contents(atPath: folder.appendingPathComponent(file).path) else {
        throw MigrationError("\(file) can't be read")
      }
      let sql = String(decoding: bytes, as: UTF8.self)
      let migration = Migration(version: version, name: String(parts[1]), sql: sql)
      if let other = found.updateValue(migration, forKey: version) {
        throw MigrationError("\(migration.label) and \(other.label) have the same number")
      }
    }
    return found.values.sorted { $0.version < $1.version }
  }
}
