/// Whether a topic exchange takes a message by this binding: `*` stands for one word, `#` for any number of words.
package func matches(pattern: String, routingKey: String) -> Bool {
  matches(
    pattern.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...],
    routingKey.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)[...])
}

private func matches(
  _ pattern: ArraySlice<Substring.UTF8View>, _ words: ArraySlice<Substring.UTF8View>
) -> Bool {
  guard let first = pattern.first else { return words.isEmpty }
  if first.elementsEqual("#".utf8) {
    return matches(pattern.dropFirst(), words) || (!words.isEmpty && matches(pattern, words.dropFirst()))
  }
  guard let word = words.first else { return false }
  guard first.elementsEqual("*".utf8) || first.elementsEqual(word) else { return false }
  return matches(pattern.dropFirst(), words.dropFirst())
}
