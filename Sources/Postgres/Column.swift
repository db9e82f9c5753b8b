/// One value of each row as an array parameter, written straight from the rows: `Column(changes) { $0.place.stock }`.
@usableFromInline
package struct Column<Source: Collection, Value: Bindable>: Bindable {
  @usableFromInline let source: Source
  @usableFromInline let value: (Source.Element) -> Value

  @inlinable
  package init(_ source: Source, _ value: @escaping (Source.Element) -> Value) {
    self.source = source
    self.value = value
  }

  @inlinable
  package static var oid: UInt32 { Value.arrayOID }

  /// One dimension, lower bound 1; NULL elements as length −1 (the server's `array_recv`).
  @inlinable
  package func write(to buffer: inout ParameterBuffer) -> Bool {
    let count = source.count
    buffer.append(count == 0 ? 0 : 1 as UInt32)
    let flag = buffer.reserveInt32()
    buffer.append(Value.oid)
    guard count > 0 else {
      buffer.set(0, at: flag)
      return true
    }
    buffer.append(UInt32(count))
    buffer.append(1 as UInt32)
    var hasNull = false
    for row in source {
      let length = buffer.reserveInt32()
      let start = buffer.count
      if value(row).write(to: &buffer) {
        buffer.set(Int32(buffer.count - start), at: length)
      } else {
        buffer.set(-1, at: length)
        hasNull = true
      }
    }
    buffer.set(hasNull ? 1 : 0, at: flag)
    return true
  }
}
