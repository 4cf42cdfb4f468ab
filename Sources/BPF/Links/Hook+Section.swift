// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BPFSystem

extension Hook {
  /// The hook that a program's section names: `SEC("tracepoint/sched/sched_process_exec")`.
  ///
  /// - Returns: nil for programs whose section does not say where (`xdp`, `tc`, `cgroup_skb/egress`, `usdt` alone):
  ///   the caller has to.
  /// - Throws: ``BPFError/Code/invalid`` when the section names a place that makes no sense.
  public init?(_ program: ProgramSpec) throws(BPFError) {
    guard let attachment = program.sectionKind?.attachment else { return nil }
    let target = program.attachTarget ?? ""
    let section = SectionTarget(target, program: program)
    switch attachment {
    case .none: return nil
    case .tracing, .lsm: self = .typed()
    case .iterator: self = .iterator()
    case _ where target.isEmpty: return nil
    case .tracepoint:
      let parts = target.split(separator: "/", maxSplits: 1)
      guard parts.count == 2 else { throw section.malformed("tracepoint/CATEGORY/NAME") }
      self = .tracepoint(category: String(parts[0]), name: String(parts[1]))
    case .rawTracepoint: self = .rawTracepoint(target)
    case .kprobe(let isReturn):
      let (function, offset) = try section.functionAndOffset("kprobe/FUNCTION[+OFFSET]")
      self = .kprobe(function: function, offset: offset, isReturn: isReturn)
    case .ksyscall(let isReturn):
      self = .kprobe(function: Machine.systemCallPrefix + target, isReturn: isReturn)
    case .kprobeMulti(let isReturn): self = .kprobeMulti(KprobeMulti([target], isReturn: isReturn))
    case .kprobeSession: self = .kprobeMulti(KprobeMulti([target]))
    case .uprobe(let isReturn):
      let (path, place) = try section.pathAndRest("uprobe/PATH:FUNCTION[+OFFSET]")
      let (function, offset) = try SectionTarget(place, program: program).functionAndOffset(
        "uprobe/PATH:FUNCTION[+OFFSET]")
      let address = SectionTarget.number(function)
      self = .uprobe(
        Uprobe(
          path: path, symbol: address == nil ? function : nil, offset: (address ?? 0) &+ offset, isReturn: isReturn))
    case .uprobeMulti(let isReturn):
      let (path, pattern) = try section.pathAndRest("uprobe.multi/PATH:PATTERN")
      self = .uprobeMulti(UprobeMulti(path: path, symbols: [pattern], isReturn: isReturn))
    case .uprobeSession:
      let (path, pattern) = try section.pathAndRest("uprobe.session/PATH:PATTERN")
      self = .uprobeMulti(UprobeMulti(path: path, symbols: [pattern]))
    case .usdt:
      let parts = target.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
      guard parts.count == 3, parts.allSatisfy({ !$0.isEmpty }) else {
        throw section.malformed("usdt/PATH:PROVIDER:NAME")
      }
      self = .usdt(USDT(path: parts[0], provider: parts[1], name: parts[2]))
    case .tracingMulti: self = .typedMulti(functions: [target])
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

  func malformed(_ form: String) -> BPFError {
    BPFError(
      .invalid, "attaching \(program.name)", detail: "section '\(program.sectionName)' does not name a place",
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
