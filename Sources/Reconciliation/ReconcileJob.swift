import JSON
import Outbox
import Time

/// The body of a message on `<namespace>.reconcile`: which row of `reconciliations` is to be done.
struct ReconcileJob: Equatable {
  var id: Int

  static func decode(_ body: [UInt8]) -> ReconcileJob? {
    guard let json = try? JSON.parse(body),
      let id = json["reconciliationId"].integer.flatMap({ Int(exactly: $0) })
    else { return nil }
    return ReconcileJob(id: id)
  }

  var message: OutboundMessage {
    let body: JSON = ["reconciliationId": .integer(id)]
    return OutboundMessage(
      route: .job(queue: "reconcile"), messageId: "reconcile:\(id)", type: "reconcile", time: .now(),
      body: body.bytes)
  }
}
