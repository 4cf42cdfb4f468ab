// SPDX-License-Identifier: Apache-2.0

extension ProbeModule {
  /// What the reached code does that BPF cannot, each at the author's line.
  mutating func unsupported(in reached: Set<String>) -> [Diagnostic] {
    var result: [Diagnostic] = []
    var told: Set<String> = []
    func tell(_ place: SourceLocation?, _ message: String) {
      let diagnostic = Diagnostic(at: place, message)
      if told.insert(diagnostic.description).inserted { result.append(diagnostic) }
    }
    // Each function with the place from which it was first called: code of ours has no place of its own.
    var queue: [(name: String, place: SourceLocation?)] = programs.map { ($0, nil) }
    var seen = Set(programs)
    while let (name, caller) = queue.popLast() {
      guard let function = function(name), let body = function.body else { continue }
      for line in body {
        if IRText.trimmed(line).hasPrefix("#dbg_") { continue }
        let node = MetadataReference.last(in: line, after: "!dbg ")
        let place = node.flatMap { locations.authorLocation(of: $0, in: module.metadata) } ?? caller
        if Self.usesFloatingPoint(line) {
          tell(
            place, "floating-point numbers, which BPF does not have: count in integers, such as nanoseconds or bytes")
        }
        for name in IRText.globalNames(in: line) {
          if let message = RuntimeNeed.message(for: name) {
            tell(place, message)
          } else if seen.insert(name).inserted {
            queue.append((name, place))
          }
        }
      }
    }
    for cycle in recursion(in: reached) {
      let place = function(cycle).flatMap { location(of: $0) }
      let name = function(cycle).flatMap { sourceName(of: $0) } ?? cycle
      tell(place, "`\(name)` calls itself: BPF has no recursion. Use a bounded loop")
    }
    return result
  }

  /// Variables whose initial value would have to be computed at run time.
  mutating func lazyVariables() -> [Diagnostic] {
    var result: [Diagnostic] = []
    let tokens = module.globals.map(\.name).filter { $0.hasSuffix("Wz") }.map { $0.dropLast(2) }
    for (index, node) in authorVariables() {
      let name = module.globals[index].name
      guard tokens.contains(where: { name.hasPrefix($0.hasSuffix("_") ? $0.dropLast() : $0) }) else { continue }
      let variable = module.metadata[node]?.string("name") ?? name
      result.append(
        Diagnostic(
          at: locations.location(of: node, in: module.metadata),
          "`\(variable)` has an initial value that is not a constant: a probe's variables and maps start with literal values"
        ))
    }
    return result
  }

  private static func usesFloatingPoint(_ line: Substring) -> Bool {
    guard line.utf8.contains(UInt8(ascii: "d")) || line.utf8.contains(UInt8(ascii: "f")) else { return false }
    return line.split(separator: " ").contains { $0 == "double" || $0 == "float" || $0 == "double," || $0 == "float," }
  }

  /// The first function of each circle of calls.
  private func recursion(in reached: Set<String>) -> [String] {
    enum Mark { case open, done }
    var marks: [String: Mark] = [:]
    var result: [String] = []
    for root in programs {
      var stack: [(name: String, callees: [String])] = [(root, callees(of: root, in: reached))]
      marks[root] = .open
      while case (let name, var rest)? = stack.popLast() {
        guard let next = rest.popLast() else {
          marks[name] = .done
          continue
        }
        stack.append((name, rest))
        switch marks[next] {
        case .done: break
        case .open: result.append(next)
        case nil:
          marks[next] = .open
          stack.append((next, callees(of: next, in: reached)))
        }
      }
    }
    return result
  }

  private func callees(of name: String, in reached: Set<String>) -> [String] {
    guard let body = function(name)?.body else { return [] }
    var result: [String] = []
    for line in body {
      guard let call = line.range(ofText: "call ") else { continue }
      if let callee = IRText.globalNames(in: line[call.upperBound...]).first, function(callee)?.body != nil,
        reached.contains(callee)
      {
        result.append(callee)
      }
    }
    return result
  }
}
