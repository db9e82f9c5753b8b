import CPostgres
package import Foundation
package import Time

/// The rows that a statement answered, in binary form; they live as long as this object.
package final class Rows {
  let result: OpaquePointer
  package let count: Int
  /// How many rows an INSERT, UPDATE or DELETE touched.
  package let affected: Int

  init(_ result: OpaquePointer) {
    self.result = result
    count = Int(PQntuples(result))
    affected = PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
  }

  deinit { PQclear(result) }

  /// The command tag: `INSERT 0 5`, `COMMIT`.
  package var command: String { String(cString: PQcmdStatus(result)) }

  package subscript(index: Int) -> Row {
    precondition(index >= 0 && index < count, "row \(index) of \(count)")
    return Row(rows: self, index: Int32(index))
  }

  package var first: Row? { count > 0 ? self[0] : nil }
}

extension Rows: Sequence {
  package func makeIterator() -> AnyIterator<Row> {
    var index = 0
    return AnyIterator {
      guard index < self.count else { return nil }
      defer { index += 1 }
      return self[index]
    }
  }
}

/// One row; columns are read by position with the type that the statement selects.
package struct Row {
  let rows: Rows
  let index: Int32

  package func isNull(_ column: Int) -> Bool {
    PQgetisnull(rows.result, index, Int32(column)) == 1
  }

  /// The raw bytes of a column, valid as long as the rows are.
  package func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer) throws -> T) rethrows -> T {
    let length = Int(PQgetlength(rows.result, index, Int32(column)))
    return try body(
      UnsafeRawBufferPointer(start: PQgetvalue(rows.result, index, Int32(column)), count: length))
  }

  /// An `int2`, `int4` or `int8`; 0 for NULL.
  package func int(_ column: Int) -> Int {
    withBytes(column) { bytes in
      switch bytes.count {
      case 8: Int(Int64(bigEndian: bytes.loadUnaligned(as: Int64.self)))
      case 4: Int(Int32(bigEndian: bytes.loadUnaligned(as: Int32.self)))
      case 2: Int(Int16(bigEndian: bytes.loadUnaligned(as: Int16.self)))
      default: 0
      }
    }
  }

  package func optionalInt(_ column: Int) -> Int? { isNull(column) ? nil : int(column) }

  package func bool(_ column: Int) -> Bool { withBytes(column) { $0.first == 1 } }

  package func double(_ column: Int) -> Double {
    withBytes(column) { bytes in
      bytes.count == 8
        ? Double(bitPattern: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))) : 0
    }
  }

  package func optionalDouble(_ column: Int) -> Double? { isNull(column) ? nil : double(column) }

  /// A `text`, `varchar`, `json` or `jsonb` (whose version byte is dropped); empty for NULL.
  package func text(_ column: Int) -> String {
    withBytes(column) { bytes in
      let isJSONB = PQftype(rows.result, Int32(column)) == JSONText.oid
      return String(decoding: isJSONB ? bytes.dropFirst() : bytes[...], as: UTF8.self)
    }
  }

  package func optionalText(_ column: Int) -> String? { isNull(column) ? nil : text(column) }

  /// A `bytea`, or the bytes of a text or JSON value.
  package func bytes(_ column: Int) -> [UInt8] {
    withBytes(column) { bytes in
      PQftype(rows.result, Int32(column)) == JSONText.oid ? Array(bytes.dropFirst()) : Array(bytes)
    }
  }

  package func timestamp(_ column: Int) -> Timestamp {
    withBytes(column) { bytes in
      guard bytes.count == 8 else { return Timestamp(microseconds: 0) }
      let value = Int64(bigEndian: bytes.loadUnaligned(as: Int64.self))
      return Timestamp(microseconds: value.addingReportingOverflow(Timestamp.postgresEpoch).partialValue)
    }
  }

  package func optionalTimestamp(_ column: Int) -> Timestamp? {
    isNull(column) ? nil : timestamp(column)
  }

  package func uuid(_ column: Int) -> UUID {
    withBytes(column) { bytes in
      bytes.count == 16 ? UUID(uuid: bytes.loadUnaligned(as: uuid_t.self)) : UUID(uuid: zeroes)
    }
  }

  package func optionalUUID(_ column: Int) -> UUID? { isNull(column) ? nil : uuid(column) }
}

private let zeroes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
