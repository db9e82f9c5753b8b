package import Events
package import Time

/// A message that a transaction wants published once it has committed.
package struct OutboundMessage: Sendable, Equatable {
  /// Where it goes; the relay turns this into an exchange of its namespace.
  package enum Route: Sendable, Equatable {
    /// The topic exchange of events, with `<platform>.<type>`.
    case event(key: String)
    /// The direct exchange of jobs, with the name of the queue: `poll`, `push`, `reconcile`.
    case job(queue: String)
    /// As a job, after the shortest delay tier that is not shorter than so many seconds.
    case delayedJob(queue: String, seconds: Int)
  }

  package var route: Route
  /// AMQP `message_id`; of an event its `id`.
  package var messageId: String
  package var type: String
  package var time: Timestamp
  package var contentType: String
  package var body: [UInt8]

  package init(
    route: Route, messageId: String, type: String, time: Timestamp, contentType: String = "application/json",
    body: [UInt8]
  ) {
    self.route = route
    self.messageId = messageId
    self.type = type
    self.time = time
    self.contentType = contentType
    self.body = body
  }

  /// An event under its own id, as structured CloudEvents JSON (CONTRACT section 4).
  package init(_ event: Event) {
    self.init(
      route: .event(key: event.type.routingKey(platform: event.platform)), messageId: event.id,
      type: event.type.rawValue, time: event.time, contentType: "application/cloudevents+json",
      body: event.encode())
  }
}
