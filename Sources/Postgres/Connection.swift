import CPostgres
import Glibc

/// Someone who wants to be served while a connection waits for Postgres: the lane's broker connection, whose
/// heartbeats and deliveries must go on while the database works.
package protocol Companion: AnyObject {
  /// Sockets whose readability should interrupt the wait.
  var descriptors: [Int32] { get }
  /// How long the wait may last, in milliseconds, before `serve` is due anyway.
  var patience: Int32 { get }
  /// Does what is due. Keeps its own errors to itself: a wait for Postgres is not ended by the broker.
  func serve()
}

/// A connection to Postgres over libpq in pipeline mode, confined to the thread that opened it.
///
/// Statements are prepared once per text and executed with binary parameters and results. `send` queues a
/// statement without waiting; `receive` waits for its answer, so that a whole batch shares few round trips.
package final class Connection {
  private let handle: OpaquePointer
  private var outstanding: [Reply] = []
  private var answered = 0
  private var prepared: [String: Prepared] = [:]
  private var buffer = ParameterBuffer(capacity: 64 * 1024)
  private var needsFlushRequest = false
  /// The error that the server gave the present pipeline up for, until the next Sync.
  private var pipelineFailure: PostgresError?
  private let notices = NoticeLog()
  /// How long all waits for the server took together, with what the companion did meanwhile.
  package private(set) var waited = Duration.zero
  /// Served during every wait.
  package weak var companion: (any Companion)?
  /// How long the server may be silent; nil: for as long as the connection stands.
  private let patience: Duration?

  private struct Prepared {
    var name: String
    var oids: [UInt32]
    var isConfirmed: Bool
  }

  private init(handle: OpaquePointer, companion: (any Companion)?, patience: Duration?) {
    self.handle = handle
    self.companion = companion
    self.patience = patience
  }

  deinit { PQfinish(handle) }

  /// Opens a connection to any libpq connection string (URI or keywords, several hosts allowed).
  ///
  /// Sessions run in UTC, give up on a lock after 5 s and are ended by the server when they idle in a
  /// transaction for 10 s (Rule 18: a frozen worker must not freeze hot rows).
  ///
  /// `patience`: a server that says nothing for so long is given up as unavailable, though its machine still keeps the
  /// connection alive: what became of the statement is unknown then.
  package static func open(
    _ url: String, name: String, settings: [String: String] = [:], companion: (any Companion)? = nil,
    patience: Duration? = nil
  ) throws(PostgresError) -> Connection {
    let keywords = [
      "fallback_application_name", "dbname", "client_encoding", "keepalives_idle", "keepalives_interval",
      "keepalives_count", "tcp_user_timeout",
    ]
    let values = [name, url, "UTF8", "10", "5", "3", "20000"]
    guard let handle = startConnection(keywords: keywords, values: values) else {
      throw PostgresError(kind: .unavailable, message: "out of memory while connecting")
    }
    let connection = Connection(handle: handle, companion: companion, patience: patience)
    try connection.finishConnecting(within: min(patience ?? .seconds(10), .seconds(10)))
    PQsetNoticeReceiver(handle, receiveNotice, Unmanaged.passUnretained(connection.notices).toOpaque())
    guard PQsetnonblocking(handle, 1) == 0, PQenterPipelineMode(handle) == 1 else {
      throw connection.failure("could not enter pipeline mode")
    }
    var all = ["TimeZone": "UTC", "idle_in_transaction_session_timeout": "10s", "lock_timeout": "5s"]
    all.merge(settings) { $1 }
    let names = all.keys.sorted()
    _ = try connection.query(
      "SELECT set_config(name, value, false) FROM unnest($1::text[], $2::text[]) AS s(name, value)",
      [names, names.map { all[$0] ?? "" }])
    return connection
  }

  private static func startConnection(keywords: [String], values: [String]) -> OpaquePointer? {
    let keys = keywords.map { strdup($0) }
    let texts = values.map { strdup($0) }
    defer {
      for text in keys + texts { free(text) }
    }
    let keyPointers = keys.map { UnsafePointer($0) } + [nil]
    let valuePointers = texts.map { UnsafePointer($0) } + [nil]
    return PQconnectStartParams(keyPointers, valuePointers, 1)
  }

  private func finishConnecting(within limit: Duration) throws(PostgresError) {
    let deadline = ContinuousClock.now + limit
    var state = PGRES_POLLING_WRITING
    while true {
      switch state {
      case PGRES_POLLING_OK: return
      case PGRES_POLLING_FAILED: throw failure("could not connect")
      default:
        guard .now < deadline else {
          throw PostgresError(
            kind: .unavailable, message: "no answer to the connection attempt within \(limit)")
        }
        wait(forWriting: state == PGRES_POLLING_WRITING, atMost: 1_000)
        state = PQconnectPoll(handle)
      }
    }
  }

  /// The server's version, as 150_004 for 15.4.
  package var serverVersion: Int { Int(PQserverVersion(handle)) }
  /// Whether libpq still believes in the connection.
  package var isUsable: Bool { PQstatus(handle) == CONNECTION_OK }
  /// Whether the connection is usable and the server has not closed it meanwhile; costs one look at the socket.
  package var isAlive: Bool { PQconsumeInput(handle) == 1 && isUsable }
  /// The socket, for a poll of one's own.
  package var socket: Int32 { PQsocket(handle) }

  // MARK: Statements

  /// Queues a statement; its answer is taken with `receive`. Statements run in the order of their sending.
  package func send(_ sql: String, _ parameters: [any Bindable] = []) throws(PostgresError) -> Reply {
    let name = try prepare(sql, parameters)
    buffer.removeAll()
    var spans: [(offset: Int, length: Int)] = []
    spans.reserveCapacity(parameters.count)
    for parameter in parameters {
      let start = buffer.count
      spans.append(parameter.write(to: &buffer) ? (start, buffer.count - start) : (-1, 0))
    }
    var pointers: [UnsafePointer<CChar>?] = []
    var lengths: [Int32] = []
    for span in spans {
      pointers.append(span.offset < 0 ? nil : buffer.pointer(at: span.offset))
      lengths.append(Int32(span.length))
    }
    let formats = [Int32](repeating: 1, count: spans.count)
    guard
      PQsendQueryPrepared(handle, name, Int32(spans.count), pointers, lengths, formats, 1) == 1
    else { throw failure("could not send a statement") }
    return expect(.statement(sql))
  }

  private func prepare(_ sql: String, _ parameters: [any Bindable]) throws(PostgresError) -> String {
    let oids = parameters.map { type(of: $0).oid }
    if let known = prepared[sql], known.oids == oids { return known.name }
    let name = "s\(prepared.count)_\(oids.hashValue & 0xffff)"
    guard PQsendPrepare(handle, name, sql, Int32(oids.count), oids) == 1 else {
      throw failure("could not prepare a statement")
    }
    prepared[sql] = Prepared(name: name, oids: oids, isConfirmed: false)
    _ = expect(.preparation(sql))
    return name
  }

  private func expect(_ kind: Reply.Kind) -> Reply {
    let reply = Reply(kind)
    outstanding.append(reply)
    needsFlushRequest = true
    return reply
  }

  /// Waits for the answer of a statement, and with it of all that were sent before.
  package func receive(_ reply: Reply) throws(PostgresError) -> Rows {
    while reply.outcome == nil {
      guard answered < outstanding.count else {
        throw PostgresError(kind: .other, message: "the answer belongs to an earlier, abandoned batch")
      }
      try readNext()
    }
    switch reply.outcome {
    case .success(let rows): return rows
    case .failure(let error): throw error
    case nil: throw PostgresError(kind: .other, message: "no answer")
    }
  }

  /// Sends one statement and waits for it; outside a transaction it commits by itself.
  @discardableResult
  package func query(_ sql: String, _ parameters: [any Bindable] = []) throws(PostgresError) -> Rows {
    let reply = try send(sql, parameters)
    if PQtransactionStatus(handle) == PQTRANS_INTRANS { return try receive(reply) }
    try synchronize()
    return try receive(reply)
  }

  /// Ends the pipeline with a Sync and reads all that is outstanding; after it an error is forgotten.
  package func synchronize() throws(PostgresError) {
    guard PQpipelineSync(handle) == 1 else { throw failure("could not synchronize") }
    let sync = expect(.sync)
    needsFlushRequest = false
    while sync.outcome == nil { try readNext() }
    outstanding.removeAll(keepingCapacity: true)
    answered = 0
  }

  private func readNext() throws(PostgresError) {
    if needsFlushRequest {
      guard PQsendFlushRequest(handle) == 1 else { throw failure("could not flush") }
      needsFlushRequest = false
    }
    try flush()
    let deadline = patience.map { ContinuousClock.now + $0 }
    while PQisBusy(handle) == 1 {
      wait(forWriting: false, atMost: try remaining(until: deadline))
      guard PQconsumeInput(handle) == 1 else { throw failure("lost the connection") }
    }
    guard let result = PQgetResult(handle) else { return }
    settle(outstanding[answered], with: result)
    guard isUsable else { throw failure("lost the connection") }
  }

  private func settle(_ reply: Reply, with result: OpaquePointer) {
    answered += 1
    switch PQresultStatus(result) {
    case PGRES_PIPELINE_SYNC:
      pipelineFailure = nil
      reply.outcome = .success(Rows(result))
      return  // a Sync has no terminating NULL
    case PGRES_TUPLES_OK, PGRES_COMMAND_OK, PGRES_EMPTY_QUERY:
      reply.outcome = .success(Rows(result))
      if case .preparation(let sql) = reply.kind { prepared[sql]?.isConfirmed = true }
    case PGRES_PIPELINE_ABORTED:
      PQclear(result)
      // Most statements are sent without looking at their answers, so it is COMMIT that must tell what failed.
      reply.outcome = .failure(
        pipelineFailure ?? PostgresError(kind: .aborted, message: "not run: an earlier statement failed"))
      if case .preparation(let sql) = reply.kind { prepared[sql] = nil }
    default:
      let failure = error(of: result)
      pipelineFailure = pipelineFailure ?? failure
      reply.outcome = .failure(failure)
      PQclear(result)
      if case .preparation(let sql) = reply.kind { prepared[sql] = nil }
    }
    while let more = PQgetResult(handle) { PQclear(more) }
  }

  /// Milliseconds to wait for; throws when the time is over, and the connection is of no more use then.
  private func remaining(until deadline: ContinuousClock.Instant?) throws(PostgresError) -> Int32 {
    guard let deadline else { return 60_000 }
    let left = ContinuousClock.now.duration(to: deadline)
    guard left > .zero else {
      Glibc.shutdown(PQsocket(handle), Int32(SHUT_RDWR))
      _ = PQconsumeInput(handle)
      throw PostgresError(kind: .unavailable, message: "no answer within \(patience ?? .zero)")
    }
    return Int32(clamping: left.components.seconds * 1_000 + 1_000)
  }

  private func flush() throws(PostgresError) {
    let deadline = patience.map { ContinuousClock.now + $0 }
    while true {
      switch PQflush(handle) {
      case 0: return
      case 1:
        wait(forWriting: true, atMost: try remaining(until: deadline))
        // Reading while writing: the server stops reading when its own answers are not taken.
        guard PQconsumeInput(handle) == 1 else { throw failure("lost the connection") }
      default: throw failure("lost the connection")
      }
    }
  }

  // MARK: Transactions

  /// Runs `body` between BEGIN and COMMIT; any error rolls back. An error of COMMIT leaves the outcome unknown.
  package func transaction<T>(_ body: (Connection) throws -> T) throws -> T {
    _ = try send("BEGIN")
    let value: T
    do {
      value = try body(self)
    } catch {
      try? rollback()
      throw error
    }
    try commit()
    return value
  }

  /// Queues BEGIN, to share the round trip of what follows.
  package func begin() throws(PostgresError) { _ = try send("BEGIN") }

  /// Commits and waits. A warning on COMMIT means that the wait for a standby was cut short: the outcome is
  /// unknown then and nothing may be acked on it (Rule 36).
  package func commit() throws(PostgresError) {
    notices.warnings = 0
    let reply = try send("COMMIT")
    do throws(PostgresError) {
      try synchronize()
      // COMMIT of a transaction that has failed already answers with success, and ROLLBACK.
      guard try receive(reply).command == "COMMIT" else {
        throw PostgresError(kind: .aborted, message: "the transaction had failed before its commit")
      }
    } catch {
      if isUsable { try? rollback() }
      throw error
    }
    guard notices.warnings == 0 else {
      throw PostgresError(kind: .unavailable, message: "the commit was not confirmed by a standby")
    }
  }

  /// Gives the transaction up; harmless outside one.
  package func rollback() throws(PostgresError) {
    try synchronize()
    switch PQtransactionStatus(handle) {
    case PQTRANS_INTRANS, PQTRANS_INERROR:
      _ = try send("ROLLBACK")
      try synchronize()
    default: return
    }
  }

  // MARK: Notifications

  /// What NOTIFY has sent since the last call.
  package func nextNotification() -> Notification? {
    guard PQconsumeInput(handle) == 1, let notify = PQnotifies(handle) else { return nil }
    defer { PQfreemem(notify) }
    return Notification(
      channel: String(cString: notify.pointee.relname), payload: String(cString: notify.pointee.extra))
  }

  /// Waits until the server has sent something, or so many milliseconds; answers whether it has.
  func awaitInput(atMost milliseconds: Int32) -> Bool {
    var set = pollfd(fd: PQsocket(handle), events: Int16(POLLIN), revents: 0)
    return Glibc.poll(&set, 1, milliseconds) > 0
  }

  // MARK: Waiting

  private func wait(forWriting: Bool, atMost limit: Int32) {
    let started = ContinuousClock.now
    defer { waited += .now - started }
    guard let companion else {
      poll(forWriting: forWriting, others: [], timeout: limit)
      return
    }
    poll(forWriting: forWriting, others: companion.descriptors, timeout: min(limit, companion.patience))
    companion.serve()
  }

  private func poll(forWriting: Bool, others: [Int32], timeout: Int32) {
    let events = Int16(forWriting ? POLLIN | POLLOUT : POLLIN)
    var sets = [pollfd(fd: PQsocket(handle), events: events, revents: 0)]
    for descriptor in others { sets.append(pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)) }
    _ = Glibc.poll(&sets, nfds_t(sets.count), timeout)
  }

  // MARK: Errors

  private func failure(_ what: String) -> PostgresError {
    let detail = PQerrorMessage(handle).map { String(cString: $0) } ?? ""
    let line = detail.split(whereSeparator: \.isNewline).joined(separator: "; ")
    return PostgresError(
      kind: isUsable ? .other : .unavailable, message: line.isEmpty ? what : "\(what): \(line)")
  }

  private func error(of result: OpaquePointer) -> PostgresError {
    let state = crossdock_pg_sqlstate(result).map { String(cString: $0) }
    return PostgresError(
      kind: state.map(PostgresError.kind(ofSQLState:)) ?? .unavailable,
      sqlState: state,
      message: crossdock_pg_message(result).map { String(cString: $0) } ?? "the statement failed",
      constraint: crossdock_pg_constraint(result).map { String(cString: $0) })
  }
}

/// The answer to come of one queued statement.
package final class Reply {
  enum Kind {
    case statement(String)
    case preparation(String)
    case sync
  }

  let kind: Kind
  var outcome: Result<Rows, PostgresError>?

  init(_ kind: Kind) { self.kind = kind }
}

/// Counts the warnings that the server sends beside its answers.
private final class NoticeLog {
  var warnings = 0
}

private func receiveNotice(_ context: UnsafeMutableRawPointer?, _ result: OpaquePointer?) {
  guard let context, let result, let state = crossdock_pg_sqlstate(result) else { return }
  if String(cString: state).hasPrefix("01") {
    Unmanaged<NoticeLog>.fromOpaque(context).takeUnretainedValue().warnings += 1
  }
}
