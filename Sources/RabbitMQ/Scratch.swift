import CRabbitMQ

/// Memory for the arguments of one request, in the shapes that librabbitmq takes; all of it goes at `reset()`.
final class Scratch {
  private var pool = amqp_pool_t()
  /// What the tables of this request take on the wire, roughly and rather too much.
  private(set) var tableSize = 0

  init() {
    init_amqp_pool(&pool, 4096)
  }

  deinit {
    empty_amqp_pool(&pool)
  }

  func reset() {
    recycle_amqp_pool(&pool)
    tableSize = 0
  }

  func bytes(_ text: String) -> amqp_bytes_t {
    var text = text
    return text.withUTF8 { copy(UnsafeRawBufferPointer($0)) }
  }

  func table(_ entries: some Collection<(String, HeaderValue)>) -> amqp_table_t {
    guard !entries.isEmpty else { return amqp_empty_table }
    let table = allocate(amqp_table_entry_t.self, count: entries.count)
    for (index, (key, value)) in entries.enumerated() {
      tableSize += 8 + key.utf8.count
      table[index] = amqp_table_entry_t(key: bytes(key), value: field(value))
    }
    return amqp_table_t(num_entries: Int32(clamping: entries.count), entries: table)
  }

  private func field(_ value: HeaderValue) -> amqp_field_value_t {
    var field = amqp_field_value_t()
    tableSize += 16
    switch value {
    case .null:
      field.kind = UInt8(ascii: "V")
    case .bool(let value):
      field.kind = UInt8(ascii: "t")
      field.value.boolean = value ? 1 : 0
    case .integer(let value):
      field.kind = UInt8(ascii: "l")
      field.value.i64 = value
    case .double(let value):
      field.kind = UInt8(ascii: "d")
      field.value.f64 = value
    case .text(let value):
      field.kind = UInt8(ascii: "S")
      field.value.bytes = bytes(value)
      tableSize += value.utf8.count
    case .bytes(let value):
      field.kind = UInt8(ascii: "x")
      field.value.bytes = value.withUnsafeBytes(copy)
      tableSize += value.count
    case .timestamp(let value):
      field.kind = UInt8(ascii: "T")
      field.value.u64 = value
    case .array(let values):
      field.kind = UInt8(ascii: "A")
      let fields = allocate(amqp_field_value_t.self, count: max(values.count, 1))
      for (index, value) in values.enumerated() { fields[index] = self.field(value) }
      field.value.array = amqp_array_t(num_entries: Int32(clamping: values.count), entries: fields)
    case .table(let entries):
      field.kind = UInt8(ascii: "F")
      field.value.table = table(entries.map { ($0.key, $0.value) })
    }
    return field
  }

  private func copy(_ source: UnsafeRawBufferPointer) -> amqp_bytes_t {
    guard !source.isEmpty else { return amqp_empty_bytes }
    let copy = allocate(UInt8.self, count: source.count)
    UnsafeMutableRawPointer(copy).copyMemory(
      from: source.baseAddress ?? UnsafeRawPointer(copy), byteCount: source.count)
    return amqp_bytes_t(len: source.count, bytes: copy)
  }

  private func allocate<Element>(_: Element.Type, count: Int) -> UnsafeMutablePointer<Element> {
    let size = count * MemoryLayout<Element>.stride
    guard let memory = amqp_pool_alloc(&pool, size) else { fatalError("out of memory") }
    return memory.bindMemory(to: Element.self, capacity: count)
  }
}
