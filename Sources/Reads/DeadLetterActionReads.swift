package import JSON
package import Postgres

/// Who did what to which dead letter; `dead_letter_actions`, as programs see it.
package enum DeadLetterActionReads {
  private static let object = """
    jsonb_build_object('id', a.id, 'queue', a.queue, 'message_id', a.message_id, 'action', a.action,
      'state', a.state, 'actor', a.actor, 'reason', a.reason, 'fingerprint', a.fingerprint, 'dead_at', a.dead_at,
      'created_at', a.created_at, 'done_at', a.done_at,
      'original_base64',
      CASE WHEN a.action = 'edit' THEN translate(encode(a.original_body, 'base64'), E'\\n', '') END)
    """

  /// A page of actions, the latest first; of one message where `message` names it. `queues` are all that there are: by
  /// them the index finds a message.
  package static func rows(
    message: String?, queues: [String], _ page: PageWish, on connection: Connection
  ) throws -> [JSON] {
    var query = PageQuery(object, from: "dead_letter_actions a", key: "a.id", owner: "a.actor")
    query.filter(message) { "a.message_id = \($0)" }
    if message != nil { query.filter(queues) { "a.queue = ANY(\($0))" } }
    return try query.rows(before: page.before, limit: page.limit, ofOwners: nil, on: connection)
  }
}
