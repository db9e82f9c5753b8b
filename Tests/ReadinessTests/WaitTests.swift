import Foundation
import Readiness
import Testing

struct WaitTests {
  @Test func `a wait without anything ready ends with its time`() throws {
    let waker = try Waker()
    #expect(wait(for: [.readable(waker.descriptor)], timeout: .milliseconds(2)).isEmpty)
  }

  @Test func `a wake from another thread ends a wait without limit`() throws {
    let waker = try Waker()
    Thread { waker.wake() }.start()
    #expect(wait(for: [.readable(waker.descriptor)], timeout: nil).readable == [waker.descriptor])
  }

  @Test func `many wakes are taken back by one drain`() throws {
    let waker = try Waker()
    for _ in 0..<100_000 { waker.wake() }
    waker.drain()
    #expect(wait(for: [.readable(waker.descriptor)], timeout: .zero).isEmpty)
    waker.wake()
    #expect(!wait(for: [.readable(waker.descriptor)], timeout: .zero).isEmpty)
  }

  @Test func `only the descriptor that is ready is named`() throws {
    let (quiet, loud) = (try Waker(), try Waker())
    loud.wake()
    let ready = wait(for: [.readable(quiet.descriptor), .readable(loud.descriptor)], timeout: .seconds(5))
    #expect(ready.readable == [loud.descriptor])
    #expect(ready.writable.isEmpty)
  }

  @Test func `a broken descriptor is ready, so that its owner meets the error`() throws {
    let ready = wait(for: [.both(9999)], timeout: .seconds(5))
    #expect(ready.readable == [9999])
    #expect(ready.writable == [9999])
  }
}
