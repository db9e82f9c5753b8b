/// Asks for every key, at most `width` at a time, and stops at the first failure.
package func concurrently<Key: Hashable & Sendable, Value: Sendable>(
  _ keys: some Collection<Key>, width: Int = 8,
  _ ask: @escaping @Sendable (Key) async throws(MarketplaceError) -> Value
) async throws(MarketplaceError) -> [Key: Value] {
  do {
    return try await withThrowingTaskGroup(of: (Key, Value).self) { group in
      var waiting = Array(Set(keys))[...]
      var answers: [Key: Value] = [:]
      for key in waiting.prefix(width) { group.addTask { (key, try await ask(key)) } }
      waiting = waiting.dropFirst(width)
      while let (key, value) = try await group.next() {
        answers[key] = value
        if let next = waiting.popFirst() { group.addTask { (next, try await ask(next)) } }
      }
      return answers
    }
  } catch let error as MarketplaceError {
    throw error
  } catch {
    throw .network("cancelled")
  }
}
