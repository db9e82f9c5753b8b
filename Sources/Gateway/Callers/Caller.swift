import HTTPTypes

/// Who calls, as a checked token says.
package struct Caller: Sendable, Equatable {
  package enum Role: String, Sendable, CaseIterable {
    case seller
    case `operator`
    case admin
  }

  /// The `user_id` of connections.
  package var subject: String
  package var role: Role

  package init(subject: String, role: Role) {
    self.subject = subject
    self.role = role
  }

  /// Whose connections the caller sees; nil sees all. Statements take it as `$1::text IS NULL OR user_id = $1`, so
  /// that what belongs to another user is simply not there.
  package var owner: String? { role == .seller ? subject : nil }

  /// Refuses a caller that has none of these roles, with 403. Only for what belongs to no user: of another user's
  /// things nobody learns that they exist.
  package func require(_ roles: Role...) throws(Problem) {
    guard roles.contains(role) else {
      let wanted = roles.map(\.rawValue).joined(separator: " or ")
      throw Problem(.forbidden, "this is for the role \(wanted), and the token says \(role.rawValue)")
    }
  }
}
