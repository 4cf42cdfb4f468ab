// SPDX-License-Identifier: Apache-2.0

package import BTF

/// Parameters of global functions that stand for the program's context (`__arg_ctx`), in the form that every kernel
/// understands.
///
/// The tag lets one function serve programs of several types, so its parameter is a `void *` or the like. Kernels before
/// 6.8 do not look at the tag: they take a parameter for the context if it points to a struct of the right name, which
/// depends on the program's type. So each function gets a copy of its type for each type of program.
///
/// Source: libbpf's `bpf_program_fixup_func_info`.
package struct ContextArguments: Sendable {
  /// The object's types, followed by the copies. Ids and string offsets of the object's own are what they were.
  package let types: BTFTypes
  private var copies: [Use: TypeID] = [:]

  private struct Use: Hashable {
    var function: TypeID
    var program: ProgramType
  }

  /// - Parameters:
  ///   - types: the object's.
  ///   - programs: the types of its programs.
  /// - Returns: nil when there is nothing to do.
  package init?(_ types: BTFTypes, in programs: Set<ProgramType>) throws(BTFError) {
    let tagged = try Self.taggedParameters(types)
    guard !tagged.isEmpty else { return nil }
    var builder = BTFBuilder(copying: types)
    var copies: [Use: TypeID] = [:]
    for program in programs.sorted(by: { $0.rawValue < $1.rawValue }) {
      guard let name = program.contextStruct else { continue }
      let use = ContextUse(types: types, program: program, contextStruct: name)
      var pointer = TypeID.void
      for (function, parameters) in tagged.sorted(by: { $0.key < $1.key }) {
        var wanting: [Int] = []
        for index in parameters where try use.needsCopy(function, index) { wanting.append(index) }
        guard !wanting.isEmpty else { continue }
        if pointer.isVoid { pointer = try builder.addContextPointer(name) }
        copies[Use(function: function, program: program)] = try builder.addCopy(
          of: function, in: types, parameters: wanting, type: pointer)
      }
    }
    guard !copies.isEmpty else { return nil }
    self.copies = copies
    self.types = try BTFTypes(bytes: builder.encode())
  }

  /// The type of a function as it is called in programs of a type.
  package func function(_ id: TypeID, in program: ProgramType) -> TypeID {
    copies[Use(function: id, program: program)] ?? id
  }

  /// Which parameters of which global functions have the tag.
  private static func taggedParameters(_ types: BTFTypes) throws(BTFError) -> [TypeID: [Int]] {
    var result: [TypeID: [Int]] = [:]
    for id in types.ids where types.kind(id) == .declTag && types.name(id) == tag {
      guard case .declTag(let tag) = try types.type(id), let index = tag.component,
        case .function(let function) = try types.type(tag.type), function.linkage == .global,
        case .functionPrototype(let prototype) = try types.type(function.type),
        prototype.parameters.indices.contains(index)
      else { continue }
      result[tag.type, default: []].append(index)
    }
    return result
  }

  fileprivate static let tag = "arg:ctx"
}

/// A function that programs of one type call.
private struct ContextUse {
  let types: BTFTypes
  let program: ProgramType
  let contextStruct: String

  /// Whether a parameter is a pointer that the kernel would not take for the context, and that may stand for it.
  func needsCopy(_ function: TypeID, _ index: Int) throws(BTFError) -> Bool {
    guard case .function(let function) = try types.type(function),
      case .functionPrototype(let prototype) = try types.type(function.type),
      case .pointer(let target) = try types.type(try types.resolved(prototype.parameters[index].type))
    else { return false }
    let resolved = try types.resolved(target)
    if program == .kprobe || program == .perfEvent, try isRegistersTypedef(target) { return false }
    switch try types.type(resolved) {
    case .void: return true
    case .structure(let composite):
      if composite.name == contextStruct { return false }
      return program == .kprobe && composite.name == "pt_regs"
        || program == .perfEvent && composite.name == Self.registersStruct
    case .int(let integer):
      return integer.size == 8 && (program == .rawTracepoint || program == .rawTracepointWritable)
    default: return false
    }
  }

  /// `bpf_user_pt_regs_t` is not a struct, but what kernels call the context of these programs.
  private func isRegistersTypedef(_ id: TypeID) throws(BTFError) -> Bool {
    var id = id
    while true {
      switch try types.type(id) {
      case .const(let next), .volatile(let next), .restrict(let next): id = next
      case .typeTag(let tag): id = tag.type
      case .typedef(let name, _): return name == "bpf_user_pt_regs_t"
      default: return false
      }
    }
  }

  /// What `bpf_user_pt_regs_t` is on this machine.
  private static var registersStruct: String {
    #if arch(x86_64) || arch(powerpc64le)
      "pt_regs"
    #elseif arch(riscv64)
      "user_regs_struct"
    #else
      "user_pt_regs"
    #endif
  }
}

extension BTFBuilder {
  /// A pointer to an empty struct of that name: only the name counts.
  fileprivate mutating func addContextPointer(_ name: String) throws(BTFError) -> TypeID {
    let structure = try add(.structure(BTFComposite(name: name, size: 0, members: [])))
    return try add(.pointer(structure))
  }

  /// A function and its prototype with other types for some parameters, and their tags.
  fileprivate mutating func addCopy(
    of function: TypeID, in types: BTFTypes, parameters: [Int], type: TypeID
  ) throws(BTFError) -> TypeID {
    guard case .function(var copy) = try types.type(function),
      case .functionPrototype(var prototype) = try types.type(copy.type)
    else { return function }
    for index in parameters { prototype.parameters[index].type = type }
    copy.type = try add(.functionPrototype(prototype))
    let id = try add(.function(copy))
    for index in parameters {
      _ = try add(.declTag(BTFDeclTag(name: ContextArguments.tag, type: id, component: index)))
    }
    return id
  }
}

extension ProgramType {
  /// The name by which kernels know the context of programs; nil for types that have none.
  fileprivate var contextStruct: String? {
    switch self {
    case .cgroupDevice: "bpf_cgroup_dev_ctx"
    case .cgroupSock: "bpf_sock"
    case .cgroupSockAddr: "bpf_sock_addr"
    case .cgroupSockopt: "bpf_sockopt"
    case .cgroupSysctl: "bpf_sysctl"
    case .cgroupSKB, .flowDissector, .lwtIn, .lwtOut, .lwtSeg6Local, .lwtXmit, .schedACT, .schedCLS, .skSKB,
      .socketFilter:
      "__sk_buff"
    case .kprobe: "bpf_user_pt_regs_t"
    case .netfilter: "bpf_nf_ctx"
    case .perfEvent: "bpf_perf_event_data"
    case .rawTracepoint, .rawTracepointWritable: "bpf_raw_tracepoint_args"
    case .skLookup: "bpf_sk_lookup"
    case .skMsg: "sk_msg_md"
    case .skReuseport: "sk_reuseport_md"
    case .sockOps: "bpf_sock_ops"
    case .xdp: "xdp_md"
    default: nil
    }
  }
}
