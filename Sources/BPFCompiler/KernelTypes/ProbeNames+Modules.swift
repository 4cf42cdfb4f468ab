// SPDX-License-Identifier: Apache-2.0

import BTF

extension ProbeNames {
  /// The types to look names up in: the kernel's, or those of the module that has most of what the kernel itself lacks.
  ///
  /// A module's types continue the kernel's, and two modules' have the same ids: a probe can name the types of one.
  func types(of kernel: BTFTypes, modules: [BTFTypes], reserved: Set<String>) -> BTFTypes {
    guard !modules.isEmpty else { return kernel }
    let missing = wanted(reserved).filter { kernel.id(named: $0.name, kind: $0.kind) == nil }
    var best = (count: 0, types: kernel)
    for module in modules {
      let count = missing.count { module.id(named: $0.name, kind: $0.kind, includingBase: false) != nil }
      if count > best.count { best = (count, module) }
    }
    return best.types
  }

  /// What the probe may mean by its words.
  private func wanted(_ reserved: Set<String>) -> [(name: String, kind: BTFKind)] {
    var wanted: [(name: String, kind: BTFKind)] = []
    for name in candidates where !reserved.contains(name) {
      wanted += [BTFKind.structure, .union, .enumeration, .enumeration64].map { (name, $0) }
    }
    for (namespace, path, _) in contexts {
      switch namespace {
      case .btfTracepoint: wanted.append(("btf_trace_\(path[1])", .typedef))
      case .functionEntry, .functionExit: wanted.append((path[1], .function))
      case .lsm: break
      case .tracepoint: wanted.append(("trace_event_raw_\(path[1])", .structure))
      case .iterator: wanted.append(("bpf_iter__\(path[1])", .structure))
      case .structOps: wanted.append((path[1], .structure))
      }
    }
    // Functions of the kernel have underscores, those of Swift have none.
    let asked = paths.keys.filter { $0.count == 3 && $0[..<2] == ["KernelFunction", "exists"] }.map { $0[2] }
    let called = calls.keys.filter { $0.contains("_") && !declared.contains($0) && !reserved.contains($0) }
    return wanted + (asked + called).map { ($0, .function) }
  }
}
