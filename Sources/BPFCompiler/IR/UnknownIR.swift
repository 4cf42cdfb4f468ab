// SPDX-License-Identifier: Apache-2.0

/// What the reading of IR knows, and the refusal of what it does not: a form of another compiler may mean anything.
///
/// Source: https://llvm.org/docs/LangRef.html
enum UnknownIR {
  static func error(_ line: Substring, number: Int) -> CompileError {
    CompileError("line \(number) of the Swift compiler's IR \(explanation(line))")
  }

  static func explanation(_ line: Substring) -> String {
    "has a form that Merops does not know: `\(IRText.trimmed(line).prefix(120))`; use Swift "
      + "\(ToolchainCheck.tested.joined(separator: " or ")), with which Merops is tested, and report this line"
  }

  /// Whether a line of a function's body is one that the rewriting copes with.
  static func knows(_ line: Substring) -> Bool {
    let text = IRText.trimmed(line)
    if text.isEmpty || text.hasPrefix("]") || text.hasPrefix("#dbg_") || text.hasPrefix(";") { return true }
    if isLabel(text) { return true }
    var words = text.split(separator: " ").makeIterator()
    guard var word = words.next() else { return true }
    if word.hasPrefix("%") {
      guard words.next() == "=", let next = words.next() else { return false }
      word = next
    } else if word.hasPrefix("i"), words.next() != nil, text.range(ofText: ", label %") != nil {
      // One of the cases of a `switch`.
      return Int(word.dropFirst()) != nil
    }
    if ["tail", "musttail", "notail"].contains(word) { return words.next() == "call" }
    return instructions.contains(word.last == "," ? word.dropLast() : word)
  }

  /// `entry:`, `12:`, `"a name":`, with a comment behind it.
  private static func isLabel(_ text: Substring) -> Bool {
    var rest = text.utf8[...]
    guard IRText.takeName(&rest) != nil else { return false }
    return rest.first == UInt8(ascii: ":")
  }

  /// All but those of exceptions, of computed jumps and of vectors, which nothing that is compiled for BPF has.
  private static let instructions: Set<Substring> = [
    "ret", "br", "switch", "unreachable", "add", "sub", "mul", "udiv", "sdiv", "urem", "srem", "shl", "lshr", "ashr",
    "and", "or", "xor", "extractvalue", "insertvalue", "alloca", "load", "store", "fence", "cmpxchg", "atomicrmw",
    "getelementptr", "trunc", "zext", "sext", "ptrtoint", "inttoptr", "bitcast", "icmp", "phi", "select", "freeze",
    "call", "fneg", "fadd", "fsub", "fmul", "fdiv", "frem", "fptrunc", "fpext", "fptoui", "fptosi", "uitofp", "sitofp",
    "fcmp",
  ]
}
