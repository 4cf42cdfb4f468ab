// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Prints types as C whose sizes and offsets are those that BTF states.
///
/// BTF does not record attributes such as `packed` or `aligned`: they are inferred, and padding is written out.
public struct CPrinter: Sendable {
  public let types: BTFTypes

  public init(_ types: BTFTypes) { self.types = types }

  /// A whole `vmlinux.h`: every type, marked for CO-RE, and the kernel functions that programs may call.
  ///
  /// For split BTF, the types of the module and what they need of the base.
  ///
  /// - Throws: ``BTFError`` for types that contain themselves.
  public func header() throws(BTFError) -> String { try headerAndNames().text }

  /// The header, and the names that types got in it.
  package func headerAndNames() throws(BTFError) -> (text: String, names: [TypeID: String]) {
    var file = CDefinitions(types)
    file.append(Self.prologue)
    for id in types.ids { if Self.isHeaderMaterial(types, id) { try file.require(id, complete: true) } }
    // Enumerations without name that no type holds: their constants are what counts.
    for id in types.ids where types.kind(id)?.isEnumeration ?? false {
      guard !file.isWritten(id), case .enumeration(let values) = try types.type(id), values.name.isEmpty else {
        continue
      }
      try file.define(id, values)
    }
    let functions = try kernelFunctions()
    for function in functions { try file.require(function.type, complete: false) }
    file.append(Self.attributeEnd)
    if !functions.isEmpty {
      file.append(Self.functionPrologue)
      for function in functions {
        let attributes = function.isFast ? " __weak __ksym __bpf_fastcall" : " __weak __ksym"
        try file.declareExtern(function.id, function.name, function.type, attributes: attributes)
      }
      file.append("\n#endif\n\n")
    }
    file.append("#endif /* __VMLINUX_H__ */\n")
    return (String(decoding: file.text, as: UTF8.self), file.names.assigned)
  }

  /// The definitions of some types and of all that they need, in order.
  ///
  /// Functions are printed as prototypes, variables as `extern` declarations.
  ///
  /// - Throws: ``BTFError`` for types that contain themselves.
  public func definitions(of ids: [TypeID]) throws(BTFError) -> String {
    var file = CDefinitions(types)
    for id in ids {
      try file.require(id, complete: true)
      switch try types.type(id) {
      case .function(let function): try file.declareExtern(id, function.name, function.type)
      case .variable(let variable): try file.declareExtern(id, variable.name, variable.type)
      case .enumeration(let values) where values.name.isEmpty && !file.isWritten(id): try file.define(id, values)
      case .structure(let composite) where composite.name.isEmpty, .union(let composite) where composite.name.isEmpty:
        try file.embed(id, level: 0)
        file.append(";\n\n")
      default: break
      }
    }
    return String(decoding: file.text, as: UTF8.self)
  }

  private static func isHeaderMaterial(_ types: BTFTypes, _ id: TypeID) -> Bool {
    switch types.kind(id) {
    case .structure, .union, .enumeration, .enumeration64, .typedef, .forward: !types.name(id).isEmpty
    default: false
    }
  }

  // MARK: Kernel functions

  private struct KernelFunction {
    var id: TypeID
    var name: String
    var type: TypeID
    /// Keeps the caller's registers, which clang can make use of.
    var isFast: Bool
  }

  /// The functions that the kernel tags as callable, in the order of their names' records.
  private func kernelFunctions() throws(BTFError) -> [KernelFunction] {
    var tagged: Set<TypeID> = []
    var fast: Set<TypeID> = []
    for id in types.ids where types.kind(id) == .declTag {
      guard case .declTag(let tag) = try types.type(id), tag.component == nil else { continue }
      if tag.name == "bpf_kfunc" { tagged.insert(tag.type) }
      if tag.name == "bpf_fastcall" { fast.insert(tag.type) }
    }
    var functions: [KernelFunction] = []
    var seen: Set<String> = []
    for id in tagged.sorted() {
      guard case .function(let function) = try types.type(id), seen.insert(function.name).inserted else { continue }
      functions.append(
        KernelFunction(id: id, name: function.name, type: function.type, isFast: fast.contains(id)))
    }
    return functions
  }

  // MARK: Fixed text

  private static let prologue = """
    #ifndef __VMLINUX_H__
    #define __VMLINUX_H__

    #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
    #pragma clang attribute push (__attribute__((preserve_access_index)), apply_to = record)
    #endif


    """

  private static let attributeEnd = """
    #ifndef BPF_NO_PRESERVE_ACCESS_INDEX
    #pragma clang attribute pop
    #endif


    """

  private static let functionPrologue = """
    #ifndef BPF_NO_KFUNC_PROTOTYPES

    #ifndef __ksym
    #define __ksym __attribute__((section(".ksyms")))
    #endif

    #ifndef __weak
    #define __weak __attribute__((weak))
    #endif

    #ifndef __bpf_fastcall
    #if defined(__has_attribute) && __has_attribute(bpf_fastcall)
    #define __bpf_fastcall __attribute__((bpf_fastcall))
    #else
    #define __bpf_fastcall
    #endif
    #endif


    """
}

extension BTFTypes {
  /// A type as C writes it, on one line: `struct list_head *`, or with a name, `char comm[16]`.
  ///
  /// Bodies of anonymous types are left out: `struct {...}`. A type that cannot be real comes out as `?`.
  public func declaration(of id: TypeID, named name: String = "") -> String {
    var line = CDefinitions(self, printsBodies: false)
    do { try line.declarator(id, name, level: 0) } catch { return name.isEmpty ? "?" : "? " + name }
    return String(decoding: line.text, as: UTF8.self)
  }
}
