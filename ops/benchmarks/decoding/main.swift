// Decodes 10,000 events and takes them through batches of 1,000 as a lane does, with the servers left out. What it costs
// is what `decoding-cost` takes more than `decoding-cost bodies`, which makes the same bodies and reads none of them;
// ops/instructions counts both.
import Events
import Lane
import RabbitMQ
import Time

/// An order of two lines of some 600 bytes; every hundredth is the one before it once more.
func body(_ number: Int) -> [UInt8] {
  let order = number % 100 == 99 ? number - 1 : number
  let time = Timestamp(secondsSince1970: 1_767_225_600 + Int64(order))
  var content = Order(
    externalId: "\(order)", number: "#\(order)", status: .paid, financialStatus: "paid", placedAt: time,
    updatedAt: time)
  content.lines = (1...2).map { line in
    let sku = order &* 7_919 &* line % 2_000
    return OrderLine(
      externalId: "\(order)-\(line)", listingId: "listing-\(sku)", sku: "SKU-\(sku)", quantity: line,
      unitPrice: Money("9.99"))
  }
  return Event(
    id: "shopify:decoding:\(order)", type: .orderCreated, time: time,
    connectionId: "11111111-2222-4333-8444-555555555555", platform: "shopify", marketplaceId: 1,
    subjectData: .order(content)
  ).encode()
}

func decoded(_ body: [UInt8]) -> Result<Event, Failure> {
  do throws(EventError) { return .success(try Event.decode(body)) } catch { return .failure(Failure(error)) }
}

/// Answers how many distinct messages there were.
func settle(_ bodies: ArraySlice<[UInt8]>, _ acks: inout Acks) -> Int {
  let tags = bodies.indices.map { DeliveryTag(epoch: 1, number: UInt64($0 + 1)) }
  for tag in tags { acks.receive(tag) }
  var course = Course(bodies.map(decoded), isNoted: false)
  while let step = course.next {
    switch step {
    case .commit: course.committed([:])
    case .ack(let indices):
      guard acks.settle(indices.map { tags[$0] }).count == 1 else { fatalError("one batch is one ack") }
      course.acked()
    case .release, .note, .publish: fatalError("nothing of it is dead")
    }
  }
  return course.messages.count
}

let bodies = (0..<10_000).map(body)
if CommandLine.arguments.dropFirst().first != "bodies" {
  var acks = Acks(epoch: 1)
  var messages = 0
  for start in stride(from: 0, to: bodies.count, by: 1_000) {
    messages += settle(bodies[start..<start + 1_000], &acks)
  }
  guard messages == 9_900, acks.unsettled == 0 else { fatalError("\(messages) messages") }
}
