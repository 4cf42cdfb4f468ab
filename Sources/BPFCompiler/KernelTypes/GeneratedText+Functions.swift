// SPDX-License-Identifier: Apache-2.0

extension GeneratedText {
  mutating func writeFunctions() {
    for function in collected.functions where function.isCalled { write(function) }
    let asked = collected.functions.filter(\.isAskedFor)
    guard !asked.isEmpty else { return }
    add("\nextension KernelFunction {\n  /// Whether the kernel has a function for programs.\n")
    add("  static var exists: Existences { @inline(__always) get { Existences() } }\n  struct Existences {\n")
    for function in asked {
      let call = accessors.add("_Bool", ["call", function.name, "exists"], "void", "return &\(function.name) != 0;")
      add("  " + Self.property(function.name, "Bool", "\(call)()"))
    }
    add("  }\n}\n")
  }

  /// Weak, so that a program may ask whether the function is there.
  static func externDeclaration(_ function: KernelFunction) -> String {
    let parameters = function.parameters.map { "\($0.value.c) \($0.name)" }.joined(separator: ", ")
    return "extern \(function.result.c) \(function.name)(\(parameters.isEmpty ? "void" : parameters)) "
      + "__attribute__((section(\".ksyms\"), weak));\n"
  }

  private mutating func write(_ function: KernelFunction) {
    let passed = function.parameters.map { $0.value.passedInC + " " + $0.name }.joined(separator: ", ")
    let arguments = function.parameters.map { "(\($0.value.c))\($0.name)" }.joined(separator: ", ")
    let call = "\(function.name)(\(arguments))"
    let name = accessors.add(
      function.result.passedInC, ["call", function.name], passed.isEmpty ? "void" : passed,
      function.result == .nothing ? "\(call);" : "return \(function.result.isAddress ? "(const void *)" : "")\(call);")
    let parameters = function.parameters.map { "_ \(SwiftWord.escaped($0.name)): \($0.value.swift)" }
    let values = function.parameters.map { parameter in
      SwiftWord.escaped(parameter.name) + (parameter.value.isView ? ".pointer" : "")
    }
    let value = "\(name)(\(values.joined(separator: ", ")))"
    let isVoid = function.result == .nothing
    add("\n/// The kernel's function of this name.\n\(isVoid ? "" : "@discardableResult ")@inline(__always)\n")
    add(
      "func \(function.name)(\(parameters.joined(separator: ", ")))\(isVoid ? "" : " -> \(function.result.swift)") {\n")
    add("  \(function.result.isView ? ".init(\(value))" : value)\n}\n")
  }
}

extension KernelFunction.Value {
  var isView: Bool {
    if case .view = self { return true }
    return false
  }

  var isAddress: Bool {
    switch self {
    case .view, .pointer, .pointerToPointer: true
    case .nothing, .scalar: false
    }
  }

  /// As the kernel declares it: the loader compares the prototypes.
  var c: String {
    switch self {
    case .nothing: "void"
    case .scalar(let scalar): scalar.declared
    case .view(_, let key): "\(key.c) *"
    case .pointer(let scalar, let isConstant): "\(isConstant ? "const " : "")\(scalar?.declared ?? "void") *"
    case .pointerToPointer: "void **"
    }
  }

  /// As the Swift side passes it.
  var passedInC: String {
    switch self {
    case .nothing: "void"
    case .scalar(let scalar): scalar.c
    case .view: Accessor.pointer
    case .pointer(_, let isConstant): isConstant ? Accessor.pointer : "void *"
    case .pointerToPointer: "void *"
    }
  }

  var swift: String {
    switch self {
    case .nothing: "Void"
    case .scalar(let scalar): scalar.swift
    case .view(let name, _): SwiftWord.escaped(name)
    case .pointer(_, let isConstant): isConstant ? "UnsafeRawPointer" : "UnsafeMutableRawPointer"
    case .pointerToPointer: "UnsafeMutableRawPointer"
    }
  }
}
