import ArgumentParser
import JSON
import Postgres
import Settings

/// `crossdock moderators`
struct ModeratorsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "moderators",
    abstract: "Who disputes are given to, in turn.",
    discussion: """
      EXAMPLE
        crossdock moderators add anna --name "Anna Nowak"
      """,
    subcommands: [Add.self, List.self, Disable.self])

  struct Add: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Adds a moderator, or lets one take disputes again.",
      discussion: """
        EXAMPLE
          crossdock moderators add anna --name "Anna Nowak"
        """)

    @OptionGroup var settings: SettingsOptions
    @Argument(help: "The user's id: the subject of bearer tokens.") var user: String
    @Option(help: "What people call them.") var name: String?

    func run() async throws {
      guard !user.isEmpty else { throw ValidationError("the user's id can't be empty") }
      let (user, name) = (user, name)
      try await settings.load().withDatabase { database in
        try await database.withConnection { connection in
          _ = try connection.query(
            """
            INSERT INTO moderators (user_id, name) VALUES ($1, $2)
            ON CONFLICT (user_id) DO UPDATE SET is_active = true, name = coalesce($2, moderators.name)
            """, [user, name])
        }
      }
      say("\(user) takes disputes")
    }
  }

  struct List: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Every moderator with the disputes they have.",
      discussion: """
        EXAMPLE
          crossdock moderators list --format json
        """)

    @OptionGroup var settings: SettingsOptions
    @OptionGroup var format: FormatOptions

    func run() async throws {
      let rows = try await settings.load().withDatabase { database in
        try await objects(
          database,
          """
          SELECT jsonb_build_object('user_id', m.user_id, 'name', m.name, 'is_active', m.is_active,
                   'last_turn', m.last_turn, 'disputes',
                   (SELECT count(*) FROM conversation_members c
                     WHERE c.user_id = m.user_id AND c.role = 'moderator'))
            FROM moderators m ORDER BY m.user_id
          """, [])
      }
      format.print(.array(rows)) {
        Table.of(
          rows, [("USER", "user_id"), ("NAME", "name"), ("ACTIVE", "is_active"), ("DISPUTES", "disputes")],
          numbers: [3]
        ).text
      }
    }
  }

  struct Disable: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Gives a moderator no more disputes; those they have stay theirs.",
      discussion: """
        EXAMPLE
          crossdock moderators disable anna
        """)

    @OptionGroup var settings: SettingsOptions
    @Argument(help: "The user's id.") var user: String

    func run() async throws {
      let user = user
      let changed = try await settings.load().withDatabase { database in
        try await database.withConnection {
          try $0.query("UPDATE moderators SET is_active = false WHERE user_id = $1", [user]).affected
        }
      }
      guard changed == 1 else {
        throw Failure(.found, "there is no moderator \(user): `crossdock moderators list` shows all")
      }
      say("\(user) takes no more disputes")
    }
  }
}
