// SPDX-License-Identifier: Apache-2.0

import BTF

/// What a program that is given arguments finds at its context: eight bytes for each.
struct ProgramContext: Hashable, Sendable {
  /// The namespaces around it, outermost first.
  var namespace: [String]
  var name: String
  var comment: String
  var arguments: [Argument]

  struct Argument: Hashable, Sendable {
    var name: String
    var shape: FieldShape
    /// Which of the eight bytes it starts at.
    var slot: Int
  }
}

/// The namespaces of `BPFKernel` in which contexts are made.
enum ContextNamespace: String, CaseIterable {
  case btfTracepoint = "BTFTracepoint"
  case functionEntry = "FunctionEntry"
  case functionExit = "FunctionExit"
  case lsm = "LSM"
  case tracepoint = "Tracepoint"
  case iterator = "Iterator"
  case structOps = "StructOps"
}

extension ProbeNames {
  /// The contexts that the probe names, in order.
  var contexts: [(namespace: ContextNamespace, path: [String], place: Place)] {
    paths.compactMap { path, place in
      guard let namespace = ContextNamespace(rawValue: path[0]), !global.contains(path[0]),
        path.count == (namespace == .structOps ? 3 : 2)
      else { return nil }
      return (namespace, path, place)
    }.sorted { $0.path.lexicographicallyPrecedes($1.path) }
  }

  func firstContext() -> (path: [String], place: Place)? { contexts.first.map { ($0.path, $0.place) } }
}

extension TypeCollector {
  mutating func collectContexts() throws {
    for (namespace, path, place) in names.contexts {
      switch namespace {
      case .btfTracepoint: try addTracepoint(path[1], place)
      case .functionEntry, .functionExit: try addFunction(namespace, path[1], place)
      case .lsm: try addHook(path[1], place)
      case .tracepoint: try addRecord(path[1], place)
      case .iterator: try addIterator(path[1], place)
      case .structOps where path[2] == OperationsTable.swiftName: try addTable(of: path[1], place)
      case .structOps: try addOperation(path, place)
      }
    }
  }

  private mutating func addTracepoint(_ name: String, _ place: ProbeNames.Place) throws {
    // The typedef is what programs attach by; the function that calls them has the names.
    let typedef = kernel.types.id(named: "btf_trace_\(name)", kind: .typedef)
    let function = try kernel.function(named: "__traceiter_\(name)")
    guard let prototype = try function ?? typedef.flatMap(kernel.prototype) else {
      throw unknown("tracepoint", name, place, prefix: "btf_trace_", kind: .typedef)
    }
    try add(
      ["BTFTracepoint"], name, "The arguments of the tracepoint `\(name)`.", prototype.parameters.dropFirst())
  }

  private mutating func addFunction(
    _ namespace: ContextNamespace, _ name: String, _ place: ProbeNames.Place
  ) throws {
    guard let prototype = try kernel.function(named: name) else {
      throw unknown("function", name, place, prefix: "", kind: .function)
    }
    let isExit = namespace == .functionExit
    try add(
      [namespace.rawValue], name, "The arguments of the kernel's `\(name)`\(isExit ? ", and its result" : "").",
      prototype.parameters[...], result: isExit ? prototype.result : nil)
  }

  private mutating func addHook(_ name: String, _ place: ProbeNames.Place) throws {
    guard let prototype = try kernel.function(named: "bpf_lsm_\(name)") else {
      throw unknown("LSM hook", name, place, prefix: "bpf_lsm_", kind: .function)
    }
    try add(
      ["LSM"], name, "The arguments of the LSM hook `\(name)`, and what earlier programs decided.",
      prototype.parameters[...], result: prototype.result)
  }

  private mutating func addOperation(_ path: [String], _ place: ProbeNames.Place) throws {
    guard let composite = kernel.composite(named: path[1]) else {
      throw unknown("struct", path[1], place, prefix: "", kind: .structure)
    }
    guard let member = try kernel.members(of: composite.id).first(where: { $0.name == path[2] }),
      let prototype = try kernel.prototype(member.type)
    else {
      let operations = try kernel.members(of: composite.id).map(\.name)
      throw KernelTypesError(
        place, "\(path[1]) has no operation '\(path[2])'\(Similarity.suggestion(for: path[2], among: operations))")
    }
    try add(
      Array(path[..<2]), path[2], "The arguments of the operation `\(path[2])` of `\(path[1])`.",
      prototype.parameters[...])
  }

  private mutating func add(
    _ namespace: [String], _ name: String, _ comment: String, _ parameters: ArraySlice<BTFPrototype.Parameter>,
    result: TypeID? = nil
  ) throws {
    var arguments: [ProgramContext.Argument] = []
    var slot = 0
    for (index, parameter) in parameters.enumerated() {
      if parameter.type.isVoid { break }
      let name = parameter.name.isEmpty ? "argument\(index)" : parameter.name
      // Where nothing says `.name`, its type is not needed either.
      if names.members[name] != nil {
        arguments.append(ProgramContext.Argument(name: name, shape: try argument(parameter.type), slot: slot))
      }
      slot += max(1, (try kernel.types.size(of: parameter.type) + 7) / 8)
    }
    if let result, names.members["result"] != nil, !(try kernel.types.resolved(result).isVoid) {
      arguments.append(ProgramContext.Argument(name: "result", shape: try argument(result), slot: slot))
    }
    self.result.contexts.append(
      ProgramContext(namespace: namespace, name: name, comment: comment, arguments: arguments))
  }

  private mutating func argument(_ id: TypeID) throws -> FieldShape {
    if let scalar = try kernel.scalar(id) { return .scalar(noted(scalar)) }
    if case .pointer(let target) = try kernel.types.type(try kernel.types.resolved(id)) {
      return try pointer(target).0
    }
    return .address
  }

  /// `struct trace_event_raw_NAME`, which the system calls' tracepoints share.
  private mutating func addRecord(_ name: String, _ place: ProbeNames.Place) throws {
    let shared = ["sys_enter", "sys_exit"].first { name.hasPrefix($0 + "_") }
    for candidate in [name, shared].compactMap({ $0 }) {
      if let composite = kernel.composite(named: "trace_event_raw_\(candidate)") {
        return context(name, in: "Tracepoint", composite)
      }
    }
    let isEvent = kernel.types.id(named: "btf_trace_\(name)", kind: .typedef) != nil
    throw unknown(
      "tracepoint record", name, place, prefix: "trace_event_raw_", kind: .structure,
      hint: isEvent ? "; its record has the name of the event's class (DECLARE_EVENT_CLASS in the kernel's source)" : ""
    )
  }

  private mutating func addIterator(_ name: String, _ place: ProbeNames.Place) throws {
    guard let composite = kernel.composite(named: "bpf_iter__\(name)") else {
      throw unknown("iterator", name, place, prefix: "bpf_iter__", kind: .structure)
    }
    context(name, in: "Iterator", composite)
  }

  func unknown(
    _ what: String, _ name: String, _ place: ProbeNames.Place, prefix: String, kind: BTFKind, hint: String = ""
  ) -> KernelTypesError {
    let similar = Similarity.names(to: name, in: kernel.types, prefix: prefix, kind: kind)
    return KernelTypesError(
      place, "the kernel has no \(what) '\(name)'\(hint)\(Similarity.suggestion(for: name, among: similar))")
  }
}
