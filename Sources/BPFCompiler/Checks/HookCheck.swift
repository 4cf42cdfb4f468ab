// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// Whether a program has the context and the result of its hook.
///
/// The kernel sees a pointer and a number, and would run a tc program's verdict as an XDP program's.
enum HookCheck {
  /// What is wrong; nil if nothing is, or if it is not known.
  ///
  /// - Parameters:
  ///   - context: the parameter's type in the kernel-side module, as the names that lead to it; empty for other types.
  ///   - result: the name of the result's type in the kernel-side module; nil for other types, such as `Int32`.
  ///   - hasRecord: whether the kernel describes a tracepoint's record by the tracepoint's own name.
  static func problem(
    section: String, context: [String], result: String?, hasRecord: (String) -> Bool = { _ in false }
  ) -> String? {
    let name = section.hasPrefix("?") ? String(section.dropFirst()) : section
    guard let kind = SectionKind.matching(name) else { return nil }
    let expected = hook(kind)
    let spaces = namespaces(kind)
    if let space = context.first.flatMap(ContextNamespace.init), context.count > 1 {
      if !spaces.contains(space), !expected.contexts.isEmpty {
        let answer = expected.contexts + spaces.map { "\($0.rawValue).NAME" }
        return
          "takes \(context.joined(separator: ".")), but programs of section `\(name)` are called with \(list(answer))"
      }
      if let target = target(of: name), space != .structOps, !belongs(context[1], to: target, space, hasRecord) {
        return "takes the context of `\(context[1])`, but its section names `\(target)`: take "
          + "`\(space.rawValue).\(target)`, or name the section `\(name.dropLast(target.utf8.count))\(context[1])`"
      }
    } else if let context = context.first, contexts.contains(context), !expected.contexts.isEmpty,
      !expected.contexts.contains(context)
    {
      return "takes \(context), but programs of section `\(name)` are called with \(list(expected.contexts))"
    }
    if let result, results.contains(result), !expected.results.contains(result) {
      let answer = expected.results.isEmpty ? "a number, Int32" : list(expected.results)
      return "returns \(result), but programs of section `\(name)` return \(answer)"
    }
    return nil
  }

  /// What a section names behind its last slash: `sched_switch` in `tp/sched/sched_switch`; nil if it names nothing, or
  /// a function of a module, or a pattern.
  private static func target(of section: String) -> String? {
    let parts = section.split(separator: "/")
    guard parts.count > 1, let last = parts.last, !last.utf8.contains(where: { ":*?".utf8.contains($0) }) else {
      return nil
    }
    return String(last)
  }

  /// Whether a hook's programs get this context.
  private static func belongs(
    _ context: String, to target: String, _ space: ContextNamespace, _ hasRecord: (String) -> Bool
  ) -> Bool {
    guard space == .tracepoint, context != target else { return context == target }
    // All entries into system calls have one record, and all exits.
    for family in ["sys_enter", "sys_exit"] where context == family || context.hasPrefix(family + "_") {
      return target.hasPrefix(family + "_")
    }
    // Tracepoints of one class have the record of their class.
    return !hasRecord(target) && !target.hasPrefix("sys_enter_") && !target.hasPrefix("sys_exit_")
  }

  /// Where the contexts of a kind's programs are made.
  private static func namespaces(_ kind: SectionKind) -> [ContextNamespace] {
    switch kind.programType {
    case .tracepoint: [.tracepoint]
    case .rawTracepoint, .rawTracepointWritable: [.btfTracepoint]
    case .tracing where kind.name.hasPrefix("iter"): [.iterator]
    case .tracing where kind.name.hasPrefix("fentry"): [.functionEntry]
    // A function's parameters lie before its result.
    case .tracing where kind.name.hasPrefix("fexit") || kind.name.hasPrefix("fmod_ret"):
      [.functionExit, .functionEntry]
    case .tracing where kind.name.hasPrefix("fsession"): [.functionEntry, .functionExit]
    case .tracing: [.btfTracepoint]
    case .lsm: [.lsm]
    case .structOps: [.structOps]
    default: []
    }
  }

  private static func list(_ names: [String]) -> String {
    names.count < 2 ? names.joined() : names.dropLast().joined(separator: ", ") + " or " + names[names.count - 1]
  }

  /// The types of the kernel-side module for a hook. No context: any.
  private static func hook(_ kind: SectionKind) -> (contexts: [String], results: [String]) {
    switch kind.programType {
    case .xdp: return (["XDPContext"], ["XDPAction"])
    case .schedCLS, .schedACT: return (["SocketBuffer"], ["TrafficAction"])
    case .cgroupSKB: return (["SocketBuffer"], ["CgroupVerdict"])
    case .skSKB: return (["SocketBuffer"], ["SocketVerdict"])
    case .socketFilter, .lwtIn, .lwtOut, .lwtXmit, .lwtSeg6Local, .flowDissector: return (["SocketBuffer"], [])
    case .kprobe where kind.name.hasPrefix("usdt"): return (["UserProbe", "Registers"], [])
    case .kprobe: return (["Registers"], [])
    case .perfEvent: return (["PerfEvent"], [])
    case .tracepoint: return (["TracepointRecord", "SystemCallEntry", "SystemCallExit"], [])
    case .rawTracepoint, .rawTracepointWritable: return (["RawTracepoint"], [])
    case .tracing where kind.name.hasPrefix("iter"): return (["IteratorItem"], ["IteratorVerdict"])
    case .tracing where kind.name.hasPrefix("fmod_ret"): return (["FunctionArguments"], ["LSMVerdict"])
    case .tracing: return (["FunctionArguments"], [])
    case .lsm where kind.name == "lsm_cgroup": return (["FunctionArguments"], ["CgroupVerdict"])
    case .lsm: return (["FunctionArguments"], ["LSMVerdict"])
    case .structOps: return (["FunctionArguments"], [])
    case .cgroupSock: return (["BPFSocket"], ["CgroupVerdict"])
    case .cgroupSockAddr: return (["SocketAddress"], ["CgroupVerdict"])
    case .cgroupSysctl: return (["SystemControl"], ["CgroupVerdict"])
    case .cgroupSockopt: return (["SocketOption"], ["CgroupVerdict"])
    case .cgroupDevice: return (["DeviceAccess"], ["CgroupVerdict"])
    case .sockOps: return (["SocketOperations"], [])
    case .skMsg: return (["SocketMessage"], ["SocketVerdict"])
    case .skLookup: return (["SocketLookup"], ["SocketVerdict"])
    case .skReuseport: return (["ReusePortSelection"], ["SocketVerdict"])
    case .syscall: return (["SystemCallProgram"], [])
    case .netfilter: return (["NetfilterContext"], ["NetfilterVerdict"])
    default: return ([], Array(results))
    }
  }

  private static let contexts: Set<String> = [
    "XDPContext", "SocketBuffer", "UserProbe", "Registers", "PerfEvent", "TracepointRecord", "SystemCallEntry",
    "SystemCallExit", "RawTracepoint", "IteratorItem", "FunctionArguments", "BPFSocket", "SocketAddress",
    "SystemControl", "SocketOption", "DeviceAccess", "SocketOperations", "SocketMessage", "SocketLookup",
    "ReusePortSelection", "SystemCallProgram", "NetfilterContext",
  ]
  private static let results: Set<String> = [
    "XDPAction", "TrafficAction", "CgroupVerdict", "SocketVerdict", "LSMVerdict", "IteratorVerdict", "NetfilterVerdict",
  ]
}

extension ProbeModule {
  /// Programs whose section is unknown, or which do not have the context and result of their hook.
  mutating func misplacedPrograms() -> [Diagnostic] {
    var result: [Diagnostic] = []
    for name in programs {
      guard let function = function(name), let section = function.section else { continue }
      let place = location(of: function)
      if let problem = SectionCheck.problem(program: section) {
        result.append(Diagnostic(at: place, problem))
        continue
      }
      let reader = self.reader
      let types =
        function.debugNode.flatMap { module.metadata[$0]?.reference("type") }
        .flatMap { module.metadata[$0]?.reference("types") }.map { module.metadata.elements($0) } ?? []
      func kernelType(_ position: Int) -> [String] {
        guard position < types.count, let number = types[position], let node = reader.stripped(number) else {
          return []
        }
        return reader.kernelSidePath(node)
      }
      if let problem = HookCheck.problem(
        section: section, context: kernelType(1), result: kernelType(0).first, hasRecord: hasRecord)
      {
        result.append(Diagnostic(at: place, "`\(sourceName(of: function) ?? name)` \(problem)"))
      }
    }
    return result
  }
}
