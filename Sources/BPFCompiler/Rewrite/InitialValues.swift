// SPDX-License-Identifier: Apache-2.0

/// Initial values that Swift leaves to the variable's first use, computed while the probe is built.
///
/// Swift's optimizer computes a literal and little more: the byte order of `IPv4Address(10, 0, 0, 1)` is beyond it. Such a
/// variable has a function that sets it, and `swift_once` at each use, which BPF does not have. LLVM runs functions of this
/// kind at compile time if they are constructors of the module.
extension ProbeModule {
  private static let wrapper = "merops_initial_value_"
  private static let once = "swift_once"

  /// The functions that set a variable at its first use. Where Swift's compiler knew the value, they do nothing.
  var firstUseFunctions: [String] {
    module.functions.filter { function in
      function.name.hasSuffix("_WZ")
        && !(function.body ?? []).allSatisfy { line in
          line.hasSuffix(":") || IRText.trimmed(line).hasPrefix("ret void") || IRText.trimmed(line).hasPrefix("#dbg_")
        }
    }.map(\.name)
  }

  /// Computes the initial values that can be computed, and makes them the variables' own.
  ///
  /// - Parameter optimize: what LLVM makes of a module.
  mutating func computeInitialValues(
    _ optimize: (_ ir: String) throws(CompileError) -> String
  ) throws(CompileError) {
    let functions = firstUseFunctions
    guard !functions.isEmpty else { return }
    var text = constructors(functions)
    var rest: Set<String> = []
    // LLVM does not run loops, but unrolls short ones: it runs those the second time.
    for _ in 0..<2 {
      text = try optimize(text)
      rest = Self.constructors(in: text)
      if rest.isEmpty { break }
    }
    let known = functions.indices.filter { !rest.contains("\(Self.wrapper)\($0)") }.map { functions[$0] }
    setInitialValues(of: known, from: text)
  }

  /// The functions and what they reach, as a module that calls each when it starts.
  private func constructors(_ functions: [String]) -> String {
    let reached = reachable(from: functions)
    let tokens = functions.map { $0.dropLast("_WZ".count) }
    var start = module
    start.preamble = start.preamble.map { $0.hasPrefix("target triple") ? "target triple = \"bpfel\"" : $0 }
    start.functions.removeAll { !reached.contains($0.name) || $0.name == Self.once }
    start.globals.removeAll { !reached.contains($0.name) }
    for index in start.globals.indices {
      let global = start.globals[index]
      guard !global.isConstant, !tokens.contains(where: { global.name.hasPrefix($0) }),
        let word = global.definition.range(ofText: "global ")
      else { continue }
      // User space may set it: its initial value is not the one that others can be computed from.
      start.globals[index].definition =
        global.definition[..<word.lowerBound] + "externally_initialized " + global.definition[word.lowerBound...]
    }
    // What a value is made from is computed when it is used, as often as it is.
    var text = start.text
    text += "define internal void @\(Self.once)(ptr %token, ptr %function, ptr %context) {\n"
    text += "  call void %function(ptr %context)\n  ret void\n}\n"
    var list: [String] = []
    for (index, function) in functions.enumerated() {
      let name = "@\(Self.wrapper)\(index)"
      text += "define internal void \(name)() {\n  call void @\(IRText.quoted(function))(ptr null)\n  ret void\n}\n"
      list.append("{ i32, ptr, ptr } { i32 65535, ptr \(name), ptr null }")
    }
    return Self.wideBits(text) + "@llvm.global_ctors = appending global [\(list.count) x { i32, ptr, ptr }] "
      + "[\(list.joined(separator: ", "))]\n"
  }

  /// The text with a byte where a type is one bit: LLVM computes no store of the byte that Swift keeps a `Bool` in.
  private static func wideBits(_ text: String) -> String {
    text.replacing(" = type <{ i1 }>", with: " = type <{ i8 }>").replacing("<{ i1 true }>", with: "<{ i8 1 }>")
      .replacing("<{ i1 false }>", with: "<{ i8 0 }>")
  }

  /// The constructors that LLVM left: it cannot run them.
  private static func constructors(in text: String) -> Set<String> {
    let line = text.utf8.split(separator: 10).lazy.map { Substring($0) }.first { $0.hasPrefix("@llvm.global_ctors") }
    return Set(line.map { IRText.globalNames(in: $0) } ?? [])
  }

  /// Puts the values into the variables of these functions, which nobody needs to call any more.
  private mutating func setInitialValues(of functions: [String], from text: String) {
    guard !functions.isEmpty else { return }
    let bits = module.preamble.filter { $0.hasSuffix(" = type <{ i1 }>") }.compactMap {
      $0.split(separator: " = ").first
    }
    var values: [String: Substring] = [:]
    for line in text.utf8.split(separator: 10) where line.first == UInt8(ascii: "@") {
      if let global = IRGlobal(Substring(line)) { values[global.name] = global.initializer }
    }
    var known: Set<String> = []
    for function in functions {
      for index in module.globals.indices where module.globals[index].name.hasPrefix(function.dropLast("_WZ".count)) {
        let global = module.globals[index]
        guard var value = values[global.name], let old = global.initializer,
          let place = global.definition.range(ofText: String(old))
        else { continue }
        for type in bits { value = value.replacing("\(type) <{ i8 1 }>", with: "\(type) <{ i1 true }>") }
        module.globals[index].definition =
          global.definition[..<place.lowerBound] + value + global.definition[place.upperBound...]
        // The variable itself, not the token beside it.
        if global.debugNode != nil { known.insert(function) }
      }
    }
    for index in module.functions.indices {
      if known.contains(module.functions[index].name) { module.functions[index].body = ["  ret void"] }
      module.functions[index].body?.removeAll { line in
        line.range(ofText: "@\(Self.once)(") != nil && !known.isDisjoint(with: IRText.globalNames(in: line))
      }
    }
  }
}
