// SPDX-License-Identifier: Apache-2.0

/// Writes the three texts.
struct GeneratedText {
  let collected: CollectedTypes
  private let module: String
  var accessors = Accessors()
  private var swift = ""
  var writtenNamespaces: Set<[String]> = []

  init(_ collected: CollectedTypes, module: String) {
    self.collected = collected
    self.module = module
    for view in collected.views { write(view) }
    for context in collected.contexts { write(context) }
    for table in collected.tables { write(table) }
    for enumeration in collected.enumerations { write(enumeration) }
    for constant in collected.constants { write(constant) }
    writeFunctions()
    writeAliases()
  }

  var texts: GeneratedTypes {
    guard !swift.isEmpty else { return GeneratedTypes() }
    var header = "#pragma once\n"
    var c = collected.local.declarations
    for function in collected.functions { c += Self.externDeclaration(function) }
    for accessor in accessors.all.sorted(by: { $0.name < $1.name }) {
      header += accessor.declaration
      c += accessor.definition
    }
    var texts = GeneratedTypes(swift: "import BPFKernel\nimport \(module)\n\(swift)", header: header, c: c)
    texts.tables = collected.tables
    return texts
  }

  mutating func add(_ text: String) { swift += text }
}

// MARK: Views

extension GeneratedText {
  private mutating func write(_ view: KernelView) {
    switch view.role {
    case .object:
      add("\n/// `\(view.root.c)`, read directly: its address must be one whose type the verifier knows.\n")
      add("struct \(SwiftWord.escaped(view.name)): KernelObject {\n")
      writeAddress("raw", probed: "Probed")
      writeCurrent(view, isProbed: false)
      for field in view.fields { write(field, of: view, isProbed: false) }
      writeInquiries(view)
      if view.isCastTo { writeCast(view) }
      add("\n  /// `\(view.root.c)` at any address of the kernel: 0 is read where there is none.\n")
      add("  struct Probed: KernelObject {\n")
      writeAddress("raw", probed: nil)
      writeCurrent(view, isProbed: true)
      for field in view.fields { write(field, of: view, isProbed: true) }
      add("  }\n}\n")
    case .part(let whole):
      add("\n/// `\(view.path.joined(separator: "."))` in `\(view.root.c)`.\n")
      add("struct \(view.name): BitwiseCopyable {\n")
      writeAddress("base", probed: "Probed")
      for field in view.fields { write(field, of: view, isProbed: false) }
      add("\n  struct Probed: BitwiseCopyable {\n")
      writeAddress("base", probed: nil)
      for field in view.fields { write(field, of: view, isProbed: true) }
      add("  }\n}\n")
      if let whole { writeConversion(of: view, to: whole) }
    case .context(let namespace):
      add("\nextension \(namespace) {\n/// `\(view.root.c)`, which a program is given.\n")
      add("struct \(SwiftWord.escaped(view.name)): ProgramContext {\n")
      writeAddress("raw", probed: nil)
      for field in view.fields { write(field, of: view, isProbed: false) }
      add("}\n}\n")
    }
  }

  private mutating func writeAddress(_ name: String, probed: String?) {
    add("  let \(name): OpaquePointer\n")
    add("  @inline(__always) init(\(name): OpaquePointer) { self.\(name) = \(name) }\n")
    if let probed { add(Self.property("probed", probed, ".init(\(name): \(name))")) }
  }

  private mutating func writeCurrent(_ view: KernelView, isProbed: Bool) {
    guard view.root.name == "task_struct", view.path.isEmpty else { return }
    let call =
      isProbed
      ? accessors.add(Accessor.pointer, ["current", "probed"], "void", "return ((const void *(*)(void))35)();")
      : accessors.add(Accessor.pointer, ["current"], "void", "return ((const void *(*)(void))158)();")
    add(
      """
        /// The thread that runs now.
        ///
        /// - Requires: Linux \(isProbed ? "4.8" : "5.11")
        static var current: \(isProbed ? "Probed" : SwiftWord.escaped(view.name)) { @inline(__always) get { Self(\(call)()) } }

      """)
  }

  private mutating func writeCast(_ view: KernelView) {
    let type = "__builtin_btf_type_id(*(\(view.root.c) *)0, 1)"
    let call = accessors.add(Accessor.pointer, [view.root.name, "cast"], "return bpf_rdonly_cast(p, \(type));")
    add(
      """
        /// Takes any address for one whose type the verifier knows, so that fields are read directly.
        ///
        /// - Requires: Linux 6.2
        @inline(__always) static func cast(_ address: UnsafeRawPointer) -> Self { .init(\(call)(address)) }

      """)
  }

  /// The struct that a part of another is, as a view of its own.
  private mutating func writeConversion(of view: KernelView, to whole: String) {
    let call = accessors.add(
      Accessor.pointer, [view.root.name] + view.path + ["address"], "return &\(Self.expression(view, nil));")
    let name = SwiftWord.escaped(whole)
    add(
      "extension \(name) { @inline(__always) init(_ part: \(view.name)) { self.init(\(call)(UnsafeRawPointer(part.base))) } }\n"
    )
    add(
      "extension \(name).Probed { @inline(__always) init(_ part: \(view.name).Probed) { self.init(\(call)(UnsafeRawPointer(part.base))) } }\n"
    )
  }

  static func property(_ name: String, _ type: String, _ value: String) -> String {
    "  var \(SwiftWord.escaped(name)): \(type) { @inline(__always) get { \(value) } }\n"
  }

  /// The field in C, of the object at `p`.
  static func expression(_ view: KernelView, _ field: ViewField?, of object: String = "p") -> String {
    let path = view.path + (field.map { [$0.member] } ?? [])
    return "((const \((field?.flavor ?? view.root).c) *)\(object))->\(path.joined(separator: "."))"
  }
}
