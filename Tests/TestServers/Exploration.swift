/// Every state that a small machine can come to, each looked at once.
package enum Exploration {
  /// Walks from `start` along `steps` until nothing new turns up; answers how many states there are.
  ///
  /// `steps`: the states that may follow, each with the name of what leads there. `check`: what is wrong with a state, if
  /// anything. The first wrong state is reached by as few steps as any, and is told with the way to it.
  package static func walk<State: Hashable>(
    from start: State, steps: (State) -> [(String, State)], check: (State) -> String?
  ) -> (states: Int, failure: String?) {
    var cameFrom: [State: (name: String, state: State)] = [:]
    var seen: Set<State> = [start]
    var frontier = [start]
    func way(to state: State) -> String {
      var names: [String] = []
      var state = state
      while let step = cameFrom[state] {
        names.append(step.name)
        state = step.state
      }
      return names.reversed().joined(separator: ", ")
    }
    if let wrong = check(start) { return (1, wrong) }
    // Breadth first, so that the way to a failure is a shortest one.
    while !frontier.isEmpty {
      var following: [State] = []
      for state in frontier {
        for (name, next) in steps(state) where seen.insert(next).inserted {
          cameFrom[next] = (name, state)
          if let wrong = check(next) { return (seen.count, "\(wrong), after: \(way(to: next))") }
          following.append(next)
        }
      }
      frontier = following
    }
    return (seen.count, nil)
  }
}
