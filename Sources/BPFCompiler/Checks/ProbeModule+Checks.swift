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
    var indirect: [SourceLocation] = []
    while let (name, caller) = queue.popLast() {
      guard let function = function(name), let body = function.body else { continue }
      if let word = function.unknownWord {
        tell(location(of: function) ?? caller, "the Swift compiler's IR for this \(UnknownIR.explanation(word))")
      }
      for line in body {
        if IRText.trimmed(line).hasPrefix("#dbg_") { continue }
        let node = MetadataReference.last(in: line, after: "!dbg ")
        let place = node.flatMap { locations.authorLocation(of: $0, in: module.metadata) } ?? caller
        if !UnknownIR.knows(line) { tell(place, "the Swift compiler's IR for this \(UnknownIR.explanation(line))") }
        if Self.usesFloatingPoint(line) {
          tell(
            place, "floating-point numbers, which BPF does not have: count in integers, such as nanoseconds or bytes")
        }
        if let place, Self.isIndirectCall(line) { indirect.append(place) }
        for name in IRText.globalNames(in: line) {
          if name == "swift_slowAlloc", let bytes = largeCopy(line, node) {
            tell(place, RuntimeNeed.largeCopy(bytes))
          } else if let message = RuntimeNeed.message(for: name) {
            tell(place, message)
          } else if seen.insert(name).inserted {
            queue.append((name, place))
          }
        }
      }
    }
    // What the standard library does when it fails follows from its being used at all.
    let isTrap = { (diagnostic: Diagnostic) in diagnostic.message == RuntimeNeed.trap }
    if result.contains(where: { !isTrap($0) }) { result.removeAll(where: isTrap) }
    // Kept closures are released where there is no line, and called where there is one.
    if !result.contains(where: { $0.location != nil }), !result.isEmpty {
      for place in indirect { tell(place, RuntimeNeed.functionValue(.swift)) }
    }
    if result.contains(where: { $0.location != nil }) { result.removeAll { $0.location == nil } }
    for index in result.indices where result[index].location == nil {
      result[index].location = function(programs[0]).flatMap { location(of: $0) }
    }
    guard result.isEmpty else { return result }
    for cycle in recursion(in: reached) {
      guard let function = function(cycle) else { continue }
      tell(
        location(of: function),
        "`\(sourceName(of: function) ?? cycle)` calls itself, but BPF has no recursion: use a bounded loop")
    }
    return result
  }

  /// The bytes that a line asks memory for, if it is not the author's: our maps copy keys and values, through the stack
  /// as long as they are small.
  private mutating func largeCopy(_ line: Substring, _ node: Int?) -> Int? {
    guard let node, let scope = module.metadata[node]?.reference("scope"),
      let file = locations.file(of: scope, in: module.metadata), file.contains("/BPFKernel/"),
      let size = line.range(ofText: "@swift_slowAlloc(i64 ")
    else { return nil }
    return Int(line[size.upperBound...].prefix { $0 != "," })
  }

  /// Variables whose initial value would have to be computed at run time.
  mutating func lazyVariables() -> [Diagnostic] {
    var result: [Diagnostic] = []
    let tokens = firstUseFunctions.map { $0.dropLast("_WZ".count) }
    for (index, node) in authorVariables() {
      let name = module.globals[index].name
      guard tokens.contains(where: { name.hasPrefix($0) }) else { continue }
      let variable = module.metadata[node]?.string("name") ?? name
      result.append(
        Diagnostic(
          at: locations.location(of: node, in: module.metadata),
          "`\(variable)` has an initial value that the compiler cannot compute: a probe's variables and maps start with "
            + "literals and what follows from them; compute others in a program"))
    }
    return result
  }

  /// Maps that are variables of a function, where the kernel never sees them.
  mutating func localMaps(in reached: Set<String>) -> [Diagnostic] {
    let maps = module.preamble.filter {
      $0.hasPrefix("%T9BPFKernel") && $0.contains("type <{ %T9BPFKernel13MapDefinitionV")
    }
    .compactMap { $0.split(separator: " ").first }
    var result: [Diagnostic] = []
    for name in reached.sorted() {
      guard let function = function(name), let body = function.body,
        let node = function.debugNode, locations.isAuthor(node, in: module.metadata)
      else { continue }
      for line in body {
        guard let alloca = line.range(ofText: " = alloca %T9BPFKernel"),
          maps.contains(where: { line[alloca.lowerBound...].hasPrefix(" = alloca \($0),") })
        else { continue }
        let variable = IRText.trimmed(line[..<alloca.lowerBound])
        var place = location(of: function)
        for use in body where use.contains("ptr \(variable),") {
          guard let node = MetadataReference.last(in: use, after: "!dbg "),
            let found = locations.authorLocation(of: node, in: module.metadata)
          else { continue }
          place = found
          break
        }
        result.append(
          Diagnostic(
            at: place,
            "a map inside a function: the kernel creates maps before programs run; declare the map outside, with `var`")
        )
      }
    }
    return result
  }

  /// Whether a line calls what a variable holds. (Inlining may yet find out what that is.)
  private static func isIndirectCall(_ line: Substring) -> Bool {
    guard let call = line.range(ofText: "call ") else { return false }
    let callee = line[call.upperBound...].prefix { $0 != "(" }.split(separator: " ").last
    return callee?.hasPrefix("%") ?? false
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
