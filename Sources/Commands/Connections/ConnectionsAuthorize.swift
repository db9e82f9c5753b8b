import ArgumentParser
import Events
import Foundation
import Marketplaces
import NIOCore
import Settings

/// `crossdock connections authorize`
struct ConnectionsAuthorize: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "authorize",
    abstract: "Lets a marketplace account's owner authorise us in a browser (OAuth), and keeps the tokens.",
    discussion: """
      Prints the page where the owner says yes. The marketplace sends the browser on to --redirect-url, which has to be
      registered with the application there. When it is an address of this machine the answer is taken by itself; else, or
      when the browser runs elsewhere and finds nothing there, paste the address that it ended at.

      Allegro's application is that of ALLEGRO_CLIENT_ID and ALLEGRO_CLIENT_SECRET, Shopify's that of SHOPIFY_API_KEY and
      SHOPIFY_API_SECRET, eBay's that of the connection's credentials, whose redirect is called by its RuName. The other
      marketplaces give a token in their own pages, for `connections add` and `connections rotate-secret`.

      EXAMPLE
        crossdock connections authorize main
      """)

  @OptionGroup var settings: SettingsOptions
  @Argument(help: "Its id or name.") var connection: String
  @Option(
    name: .customLong("redirect-url"),
    help: ArgumentHelp("Where the marketplace sends the browser back to.", valueName: "address"))
  var redirectURL = "http://localhost:8000/callback"
  @Option(help: ArgumentHelp("How long the owner may take.", valueName: "time"))
  var wait = TimeSpan(seconds: 600)

  func run() async throws {
    try await withAccounts(settings.load()) { access in
      let one = try await access.connections.named(connection)
      guard let grant = access.grant(for: one) else {
        throw Failure(
          .usage,
          "\(one.platform.rawValue) gives a token in its own pages: bring it with `crossdock connections rotate-secret`"
        )
      }
      var secrets = try await access.connections.secrets(of: one.id) ?? Secrets()
      let state = UUID().uuidString
      let page = try grant.authorizationURL(redirectURL: redirectURL, state: state, secrets)
      let code = try await code(from: page, state)
      let pair = try await grant.exchange(code: code, redirectURL: redirectURL, secrets)
      pair.write(to: &secrets)
      _ = try await access.connections.setSecrets(secrets, of: one.id)
      try await access.adapters.adapter(for: one).check()
      say("\(one.name) is authorised: \(one.platform.rawValue) takes its calls")
    }
  }

  // MARK: The owner's answer

  /// The code that the browser comes back with from the page, or that somebody types.
  private func code(from page: String, _ state: String) async throws -> String {
    let (replies, feed) = AsyncStream.makeStream(of: String.self)
    let listener = RedirectListener(redirectURL)
    readTyped(into: feed, isAlone: listener == nil)
    return try await withThrowingTaskGroup(of: String?.self) { group in
      defer { group.cancelAll() }
      group.addTask {
        if let listener { await listen(listener, page, feed) } else { show(page) }
        return nil
      }
      group.addTask { try await firstCode(of: replies, state) }
      group.addTask {
        try await Task.sleep(for: .seconds(wait.seconds))
        throw Failure(.found, "nobody has answered within \(wait.seconds) s: try again, with a longer --wait")
      }
      for try await case let code? in group { return code }
      throw CancellationError()
    }
  }

  private func show(_ page: String) {
    print(page)
    say("Open this page as the account's owner. When the browser ends at an error, paste its address here.")
  }

  private func firstCode(of replies: AsyncStream<String>, _ state: String) async throws -> String {
    for await reply in replies {
      switch CodeReply(reply, state: state) {
      case .code(let code): return code
      case .refused(let error):
        throw Failure(.found, "the authorisation was refused: \(error.prefix(60)); nothing was changed")
      case .foreign: say("that answers another question: open the page above once more")
      case nil: say("there is no code in that: paste the whole address that the browser ended at")
      }
    }
    throw Failure(.found, "there was no answer: nothing was changed")
  }

  /// A read can't be taken back: it has a thread of its own, which ends with the process.
  private func readTyped(into feed: AsyncStream<String>.Continuation, isAlone: Bool) {
    let readLine = Surroundings.current.readLine
    Thread.detachNewThread {
      while let line = readLine() { feed.yield(line) }
      if isAlone { feed.finish() }
    }
  }

  /// The page is shown when the answer can be taken, so that it can't come too early.
  private func listen(
    _ listener: RedirectListener, _ page: String, _ feed: AsyncStream<String>.Continuation
  ) async {
    let surroundings = Surroundings.current
    do {
      try await listener.run(
        isListening: { Surroundings.$current.withValue(surroundings) { show(page) } },
        reply: { feed.yield($0) })
    } catch is IOError {
      say(
        "port \(listener.port) can't be listened on: the address that the browser ends at has to be pasted here"
      )
      show(page)
    } catch {
      // The answer has come another way.
    }
  }
}
