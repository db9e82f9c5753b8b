/// Asks the person; `yes` answers for a script. Anything but y or yes ends the command.
func confirm(_ question: String, yes: Bool) throws {
  guard !yes else { return }
  say(question + " [y/N]")
  let answer = Surroundings.current.readLine()?.lowercased() ?? ""
  guard answer == "y" || answer == "yes" else {
    throw Failure(.found, "nothing was done: answer y, or give --yes")
  }
}
