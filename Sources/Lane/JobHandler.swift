package import Topology

/// A job as it came from its queue.
package struct Job: Sendable {
  package var messageId: String?
  package var body: [UInt8]
  /// How often it has failed before.
  package var attempts: Int

  package init(messageId: String?, body: [UInt8], attempts: Int = 0) {
    self.messageId = messageId
    self.body = body
    self.attempts = attempts
  }
}

/// What a job lane does with the jobs of one queue, several at a time: work that calls a marketplace and so waits
/// for others most of the time.
package protocol JobHandler: Sendable {
  var queue: Queue { get }

  /// Does the job, and answers what becomes of it once all its effects are committed. `.wait` runs the job again
  /// after a moment, for as long as it takes: the database is away.
  func handle(_ job: Job) async -> Disposition
}
