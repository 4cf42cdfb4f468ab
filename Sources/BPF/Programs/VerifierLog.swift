// SPDX-License-Identifier: Apache-2.0

/// What the verifier wrote about a program, and what can be read out of it.
///
/// The format is the kernel's (kernel/bpf/verifier.c and log.c), meant for people and not stable, so reading is lenient:
/// what is not recognised stays in ``text``.
public struct VerifierLog: Hashable, Sendable {
  /// The log as text. The kernel may cut it inside a character or print raw bytes; those become U+FFFD.
  public let text: String

  /// Whether the log was longer than the largest buffer offered. From Linux 6.4 on it is the head that is missing,
  /// before that the tail.
  public let isTruncated: Bool

  public init(text: String, isTruncated: Bool = false) {
    self.text = text
    self.isTruncated = isTruncated
  }

  /// Reads a log buffer as the kernel left it: up to its first zero byte.
  init(buffer: [UInt8], isTruncated: Bool) {
    let end = buffer.firstIndex(of: 0) ?? buffer.count
    self.init(text: String(decoding: buffer[..<end], as: UTF8.self), isTruncated: isTruncated)
  }

  /// The lines of the log, without the empty ones.
  public var lines: [Substring] { text.utf8.split(separator: 10).map { Substring($0) } }

  /// The last `count` lines that say something about the program; the closing statistics are left out, and so is the
  /// report of newer kernels, which says the same again at length.
  public func lastLines(_ count: Int) -> [String] {
    lines.prefix { !$0.hasPrefix(Self.reportStart) }.filter { Line($0) != .statistics }.suffix(count).map(String.init)
  }

  /// What the verifier would change in the program, from the report at the end of its log.
  ///
  /// - Requires: Linux 7.3, which explains some refusals
  public var suggestion: String? {
    let report = lines.drop { !$0.hasPrefix(Self.reportStart) }
    let text = report.drop { $0 != "Suggestion:" }.dropFirst().prefix { $0.hasPrefix("  ") }
    return text.isEmpty ? nil : text.flatMap { $0.split(separator: " ") }.joined(separator: " ")
  }

  /// The first line of the report on a refusal: "Verification failed: Memory Safety: Access outside bounds".
  private static let reportStart = "Verification failed: "

  /// The number of instructions that the verifier went through ("processed 108 insns"), which is its measure of work:
  /// the limit is one million.
  public var processedInstructions: Int? {
    for line in lines.reversed() where line.hasPrefix("processed ") {
      return Int(line.dropFirst("processed ".count).prefix { $0.isNumber })
    }
    return nil
  }

  /// The deepest stack of each function in bytes, main program first.
  ///
  /// "stack depth 16+8"; newer kernels (7.3) have a line for each function: "subprog 0 (main) ... stack 16".
  public var stackDepths: [Int] {
    let functions = lines.filter { $0.hasPrefix("subprog ") }.compactMap { line in
      line.split(separator: " ").drop { $0 != "stack" }.dropFirst().first.flatMap { Int($0) }
    }
    guard functions.isEmpty else { return functions }
    for line in lines.reversed() where line.hasPrefix("stack depth ") {
      return line.dropFirst("stack depth ".count).split(separator: "+").compactMap { Int($0) }
    }
    return []
  }
}

extension VerifierLog {
  /// Where the verifier stopped and why.
  struct Finding: Hashable {
    /// The verifier's own words, one to three lines joined by "; ".
    var cause: String?
    var instruction: Int?
    var disassembly: String?
    /// The source line as the log quotes it: text, and from Linux 6.9 on file and line.
    var source: String?
  }

  /// The last instruction walked, its source line, and what was said after it.
  func finding() -> Finding {
    var finding = Finding()
    var causes: [Substring] = []
    // From the end: a log has a line for each instruction that the verifier walked, up to a million.
    for line in lines.prefix(while: { !$0.hasPrefix(Self.reportStart) }).reversed() {
      switch Line(line) {
      case .statistics, .state: continue
      case .other: if finding.instruction == nil, finding.source == nil { causes.append(line) }
      case .instruction(let index, let text):
        guard finding.instruction == nil else { continue }
        finding.instruction = index
        finding.disassembly = text
      case .source(let text): if finding.source == nil { finding.source = text }
      }
      if finding.instruction != nil, finding.source != nil { break }
    }
    causes.reverse()
    // Said of each program whose context is a pointer to nothing that BTF knows, loaded or refused.
    let real = causes.filter { !($0.hasPrefix("arg#") && $0.hasSuffix("size cannot be determined: -22")) }
    if !real.isEmpty { causes = real }
    if !causes.isEmpty { finding.cause = causes.suffix(3).joined(separator: "; ") }
    return finding
  }

  /// The kinds of line that a log has.
  enum Line: Equatable {
    case instruction(Int, String)
    case source(String)
    case state
    case statistics
    case other

    init(_ line: Substring) {
      if line.hasPrefix("; ") {
        self = .source(String(line.dropFirst(2)))
      } else if Self.statisticsPrefixes.contains(where: { line.hasPrefix($0) }) {
        self = .statistics
      } else if Self.statePrefixes.contains(where: { line.hasPrefix($0) }) {
        self = .state
      } else if let colon = line.utf8.firstIndex(of: UInt8(ascii: ":")), let index = Int(line[..<colon]) {
        // "5: (61) r0 = *(u32 *)(r1 +0)   ; R0_w=scalar()" is an instruction, "5: R1=ctx()" a state.
        let rest = line[line.index(after: colon)...].drop { $0 == " " }
        guard rest.hasPrefix("("), let close = rest.firstIndex(of: ")") else {
          self = .state
          return
        }
        let text = rest[rest.index(after: close)...]
        let code = text.firstIndex(of: ";").map { text[..<$0] } ?? text
        self = .instruction(index, code.split(separator: " ").joined(separator: " "))
      } else {
        self = .other
      }
    }

    private static let statisticsPrefixes = [
      "processed ", "verification time ", "stack depth ", "insns processed ", "max_states_per_insn ",
      "subprog ",
    ]
    private static let statePrefixes = [
      "from ", "func#", "mark_precise", "regs=", "parent ", "last_idx ", "propagating ", "Live regs before", "caller:",
      "callee:", "frame", "returning from", "to caller at", "Validating ", "Func#", "live regs before insn:",
    ]
  }
}
