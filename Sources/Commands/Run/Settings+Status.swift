import EventStatus
import Events
import Settings
import Topology

extension Settings {
  /// Nothing is sent to buyers of older orders.
  var messagingMaxAge: Duration { .seconds(messagingMaxAgeHours * 3_600) }

  /// How far an event is, by the queues that its type goes to.
  var eventStatus: EventStatus {
    let topology = self.topology
    return EventStatus(
      bindings: EventType.allCases.map { type in
        (type: type.rawValue, queues: topology.queues(forEvent: type.routingKey(platform: "any")))
      })
  }
}
