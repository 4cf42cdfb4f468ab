// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// Whether a program has the context and the result of its hook.
///
/// The kernel sees a pointer and a number, and would run a tc program's verdict as an XDP program's.
enum HookCheck {
  /// What is wrong; nil if nothing is, or if it cannot be told.
  ///
  /// - Parameters:
  ///   - context: the name of the parameter's type in the kernel-side module; nil for other types.
  ///   - result: the name of the result's type in the kernel-side module; nil for other types, such as `Int32`.
  static func problem(section: String, context: String?, result: String?) -> String? {
    let name = section.hasPrefix("?") ? String(section.dropFirst()) : section
    guard let kind = SectionKind.matching(name) else { return nil }
    let expected = hook(kind)
    if let context, contexts.contains(context), !expected.contexts.isEmpty, !expected.contexts.contains(context) {
      return "takes \(context), but programs of section `\(name)` are called with \(list(expected.contexts))"
    }
    if let result, results.contains(result), !expected.results.contains(result) {
      let answer = expected.results.isEmpty ? "a number, Int32" : list(expected.results)
      return "returns \(result), but programs of section `\(name)` return \(answer)"
    }
    return nil
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
    case .netfilter: return (["NetfilterHook"], ["NetfilterVerdict"])
    default: return ([], Array(results))
    }
  }

  private static let contexts: Set<String> = [
    "XDPContext", "SocketBuffer", "UserProbe", "Registers", "PerfEvent", "TracepointRecord", "SystemCallEntry",
    "SystemCallExit", "RawTracepoint", "IteratorItem", "FunctionArguments", "BPFSocket", "SocketAddress",
    "SystemControl", "SocketOption", "DeviceAccess", "SocketOperations", "SocketMessage", "SocketLookup",
    "ReusePortSelection", "SystemCallProgram", "NetfilterHook",
  ]
  private static let results: Set<String> = [
    "XDPAction", "TrafficAction", "CgroupVerdict", "SocketVerdict", "LSMVerdict", "IteratorVerdict", "NetfilterVerdict",
  ]
}

extension ProbeModule {
  /// Programs whose section says nothing, or which are not what its hook calls.
  mutating func misplacedPrograms() -> [Diagnostic] {
    var result: [Diagnostic] = []
    for name in programs {
      guard let function = function(name), let section = function.section else { continue }
      let place = location(of: function)
      if let problem = SectionCheck.problem(program: section) {
        result.append(Diagnostic(at: place, problem))
        continue
      }
      let reader = SwiftTypeReader(module.metadata)
      let types =
        function.debugNode.flatMap { module.metadata[$0]?.reference("type") }
        .flatMap { module.metadata[$0]?.reference("types") }.map { module.metadata.elements($0) } ?? []
      func kernelType(_ position: Int) -> String? {
        guard position < types.count, let number = types[position], let node = reader.stripped(number),
          reader.module(node) == "BPFKernel"
        else { return nil }
        return reader.name(node)
      }
      if let problem = HookCheck.problem(section: section, context: kernelType(1), result: kernelType(0)) {
        result.append(Diagnostic(at: place, "`\(sourceName(of: function) ?? name)` \(problem)"))
      }
    }
    return result
  }
}
