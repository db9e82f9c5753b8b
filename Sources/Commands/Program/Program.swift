import ArgumentParser

/// One invocation of `crossdock`, testable without a process.
package enum Program {
  /// Runs the command that `arguments` name (without the executable's name) and answers the exit status.
  package static func run(_ arguments: [String], in surroundings: Surroundings = .process) async -> Int32 {
    await Surroundings.$current.withValue(surroundings) {
      do {
        var command = try Crossdock.parseAsRoot(arguments)
        if var asynchronous = command as? any AsyncParsableCommand {
          try await asynchronous.run()
        } else {
          try command.run()
        }
        return 0
      } catch {
        return report(error, to: surroundings)
      }
    }
  }

  private static func report(_ error: any Error, to surroundings: Surroundings) -> Int32 {
    if let failure = Failure(error) {
      if !failure.sentence.isEmpty { surroundings.say("crossdock: " + failure.sentence) }
      return failure.status.rawValue
    }
    let message = Crossdock.fullMessage(for: error)
    let status = Crossdock.exitCode(for: error)
    if status.isSuccess {
      surroundings.print(message)
    } else {
      surroundings.say(message)
    }
    return status.rawValue
  }
}
