// SPDX-License-Identifier: Apache-2.0

public import BPFObject

extension Hook {
  /// The hook that a program's section names: `SEC("tracepoint/sched/sched_process_exec")`.
  ///
  /// - Returns: nil for programs whose section does not name the place (`xdp`, `tc`, `cgroup_skb/egress`, `usdt` alone):
  ///   the caller has to.
  /// - Throws: ``BPFError/Code/invalid`` when the section names a place that makes no sense.
  public init?(_ program: ProgramSpec) throws(BPFError) {
    guard program.namesItsPlace else { return nil }
    let target = program.attachTarget ?? ""
    let section = SectionTarget(target, program: program)
    switch program.hookKind {
    case .tracing: self = .typed()
    case .tracingMulti: self = .typedMulti(functions: [target])
    case .iterator: self = .iterator()
    case .tracepoint:
      let parts = target.split(separator: "/", maxSplits: 1)
      guard parts.count == 2 else { throw section.malformed("tracepoint/CATEGORY/NAME") }
      self = .tracepoint(category: String(parts[0]), name: String(parts[1]))
    case .rawTracepoint: self = .rawTracepoint(target)
    case .kprobe:
      let (function, offset) = try section.functionAndOffset("kprobe/FUNCTION[+OFFSET]")
      self = .kprobe(function: function, offset: offset)
    case .kretprobe: self = .kretprobe(function: try section.function("kretprobe/FUNCTION"))
    case .ksyscall: self = .systemCall(target)
    case .kretsyscall: self = .systemCall(target, isReturn: true)
    case .kprobeMulti, .kprobeSession: self = .kprobeMulti(KprobeMulti([target]))
    case .kretprobeMulti: self = .kprobeMulti(KprobeMulti([target], isReturn: true))
    case .uprobe:
      let (path, place) = try section.pathAndRest("uprobe/PATH:FUNCTION[+OFFSET]")
      let (function, offset) = try SectionTarget(place, program: program).functionAndOffset(
        "uprobe/PATH:FUNCTION[+OFFSET]")
      if let address = SectionTarget.number(function) {
        self = .uprobe(Uprobe(path: path, offset: address &+ offset))
      } else {
        self = .uprobe(Uprobe(path: path, symbol: function, offset: offset))
      }
    case .uretprobe:
      let (path, place) = try section.pathAndRest("uretprobe/PATH:FUNCTION")
      let function = try SectionTarget(place, program: program).function("uretprobe/PATH:FUNCTION")
      if let address = SectionTarget.number(function) {
        self = .uprobe(Uprobe(path: path, offset: address, isReturn: true))
      } else {
        self = .uprobe(Uprobe(path: path, symbol: function, isReturn: true))
      }
    case .uprobeMulti, .uprobeSession:
      let (path, pattern) = try section.pathAndRest("uprobe.multi/PATH:PATTERN")
      self = .uprobeMulti(UprobeMulti(path: path, symbols: [pattern]))
    case .uretprobeMulti:
      let (path, pattern) = try section.pathAndRest("uretprobe.multi/PATH:PATTERN")
      self = .uprobeMulti(UprobeMulti(path: path, symbols: [pattern], isReturn: true))
    case .usdt:
      let parts = target.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
        throw section.malformed("usdt/PATH:PROVIDER:NAME")
      }
      self = .usdt(USDT(path: parts[0], provider: parts[1], name: parts[2]))
    default: return nil
    }
  }
}

/// What follows the slash of a section's name.
private struct SectionTarget {
  var text: String
  var program: ProgramSpec

  init(_ text: String, program: ProgramSpec) {
    self.text = text
    self.program = program
  }

  func malformed(_ form: String, _ detail: String = "does not name a place") -> BPFError {
    BPFError(
      .invalid, "attaching \(program.name)", detail: "section '\(program.sectionName)' \(detail)",
      hint: "write SEC(\"\(form)\")")
  }

  /// `do_unlinkat`, `do_unlinkat+0x10`, `main+16`.
  func functionAndOffset(_ form: String) throws(BPFError) -> (String, UInt64) {
    guard let plus = text.lastIndex(of: "+") else { return (text, 0) }
    guard let offset = Self.number(text[text.index(after: plus)...]), plus != text.startIndex else {
      throw malformed(form)
    }
    return (String(text[..<plus]), offset)
  }

  /// `do_unlinkat`, for returns, which have no offset.
  func function(_ form: String) throws(BPFError) -> String {
    let (function, offset) = try functionAndOffset(form)
    guard offset == 0 else { throw malformed(form, "names an offset, which a return does not have") }
    return function
  }

  /// Up to the last colon, since a path may hold one.
  func pathAndRest(_ form: String) throws(BPFError) -> (String, String) {
    guard let colon = text.lastIndex(of: ":") else { throw malformed(form) }
    let rest = text[text.index(after: colon)...]
    guard colon != text.startIndex, !rest.isEmpty else { throw malformed(form) }
    return (String(text[..<colon]), String(rest))
  }

  static func number(_ text: some StringProtocol) -> UInt64? {
    text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
  }
}
