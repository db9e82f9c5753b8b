import Commands
import Glibc
import Testing

struct StandardStreamTests {
  @Test func `a reader that has seen enough is no crash`() throws {
    signal(SIGPIPE, SIG_IGN)
    var ends: [Int32] = [0, 0]
    try #require(pipe(&ends) == 0)
    let stream = StandardStream(descriptor: ends[1])
    #expect(stream.write("one line\n") == .written)
    close(ends[0])
    #expect(stream.write("another\n") == .readerIsGone)
    close(ends[1])
  }
}
