// SPDX-License-Identifier: Apache-2.0

import BTF

/// A function of the kernel that programs may call (a kfunc), as the probe calls it.
struct KernelFunction: Sendable {
  /// What is passed or returned.
  enum Value: Hashable, Sendable {
    case nothing
    case scalar(KernelScalar)
    /// A struct or union, whose view has this name.
    case view(String, LocalKey)
    /// To a scalar or, without one, to `void`.
    case pointer(KernelScalar?, isConstant: Bool)
    /// To a pointer.
    case pointerToPointer
  }

  var name: String
  var parameters: [(name: String, value: Value)]
  var result: Value
  /// Whether the probe calls it, not only asks whether it is there.
  var isCalled: Bool
  /// Whether the probe asks whether the kernel has it.
  var isAskedFor: Bool
}

extension TypeCollector {
  /// `KernelFunction.exists.NAME` asks for a kfunc; `NAME(` calls it.
  mutating func collectFunctions() throws {
    let asked = Set(
      names.paths.keys.filter { $0.count == 3 && $0[..<2] == ["KernelFunction", "exists"] }.map { $0[2] })
    let called = Set(names.calls.keys.filter { !names.declared.contains($0) && !reserved.contains($0) })
    let marked = try markedFunctions()
    for name in asked.union(called).sorted() {
      guard let id = kernel.types.id(named: name, kind: .function) else {
        guard asked.contains(name) else { continue }
        throw KernelTypesError(
          names.paths[["KernelFunction", "exists", name]],
          "the kernel has no function '\(name)'\(Similarity.suggestion(for: name, among: marked.map(kernel.types.name)))"
        )
      }
      // Before 6.9 nothing marks a kfunc; most have the prefix.
      guard asked.contains(name) || marked.contains(id) || (marked.isEmpty && name.hasPrefix("bpf_")) else { continue }
      try add(name, id, isCalled: called.contains(name), isAskedFor: asked.contains(name))
    }
  }

  /// The functions that carry the declaration tag `bpf_kfunc`.
  private func markedFunctions() throws -> Set<TypeID> {
    var marked: Set<TypeID> = []
    for id in kernel.types.ids(named: "bpf_kfunc") {
      if case .declTag(let tag) = try kernel.types.type(id) { marked.insert(tag.type) }
    }
    return marked
  }

  private mutating func add(_ name: String, _ id: TypeID, isCalled: Bool, isAskedFor: Bool) throws {
    guard let prototype = try kernel.prototype(id) else { return }
    var parameters: [(name: String, value: KernelFunction.Value)] = []
    for (index, parameter) in prototype.parameters.enumerated() {
      guard let value = try value(parameter.type), value != .nothing else { return }
      parameters.append((parameter.name.isEmpty ? "argument\(index)" : parameter.name, value))
    }
    guard parameters.count <= 5, let value = try value(prototype.result) else { return }
    result.functions.append(
      KernelFunction(
        name: name, parameters: parameters, result: value, isCalled: isCalled, isAskedFor: isAskedFor))
  }

  /// `bpf_rdonly_cast`, which `T.cast` calls, and `T.Probed` where the kernel has it.
  mutating func addCastFunction() {
    guard !result.functions.contains(where: { $0.name == "bpf_rdonly_cast" }) else { return }
    result.functions.append(
      KernelFunction(
        name: "bpf_rdonly_cast",
        parameters: [
          ("object", .pointer(nil, isConstant: true)), ("type", .scalar(KernelScalar(bytes: 4, isSigned: false))),
        ], result: .pointer(nil, isConstant: false), isCalled: false, isAskedFor: false))
  }

  private mutating func value(_ id: TypeID) throws -> KernelFunction.Value? {
    let id = try kernel.types.resolved(id)
    if id.isVoid { return .nothing }
    if let scalar = try kernel.scalar(id) { return .scalar(noted(scalar)) }
    guard case .pointer(let target) = try kernel.types.type(id) else { return nil }
    if let composite = try composite(target) { return .view(object(composite), composite.key) }
    var isConstant = false
    var step = target
    while let kind = kernel.types.kind(step), kind.isModifier {
      if kind == .const { isConstant = true }
      guard let next = try kernel.types.type(step).referenced else { break }
      step = next
    }
    if kernel.types.kind(step) == .pointer { return .pointerToPointer }
    if step.isVoid { return .pointer(nil, isConstant: isConstant) }
    guard let scalar = try kernel.scalar(step) else { return nil }
    return .pointer(scalar, isConstant: isConstant)
  }
}
