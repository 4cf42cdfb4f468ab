// SPDX-License-Identifier: Apache-2.0

import BTF
import Testing

@testable import BPFCompiler

struct KernelTypeGeneratorTests {
  private func generate(_ source: String, shift: Int = 0) throws -> GeneratedTypes {
    try KernelTypeGenerator.generate(sources: [source], kernel: try MiniKernel.types(shift: shift))
  }

  private let probe = """
    func start(_ context: BTFTracepoint.task_start) -> Int32 {
      let task = context.p
      return task.real_parent.tgid &+ task_struct.current.probed.tgid
    }
    """

  @Test func aProbeWithoutKernelTypesNeedsNothing() throws {
    let plain = "func filter(_ packet: XDPContext) -> XDPAction { packet.length > 5 ? .drop : .pass }"
    #expect(try generate(plain).isEmpty)
    #expect(try KernelTypeGenerator.generate(sources: [plain], kernel: nil) == GeneratedTypes())
  }

  @Test func onlyWhatIsNamedIsThere() throws {
    let texts = try generate(probe)
    #expect(
      texts.c.hasPrefix(
        """
        struct task_struct {
          struct task_struct *real_parent;
          int tgid;
        } __attribute__((preserve_access_index));

        """))
    #expect(texts.header.contains("\nint core_task_struct__tgid(const void *_Nonnull p);\n"))
    #expect(texts.swift.contains("extension BTFTracepoint {"))
    #expect(!texts.swift.contains("comm"))
    #expect(!texts.swift.contains("clone_flags"))
  }

  @Test func theTextsDoNotDependOnTheLayout() throws {
    let more = probe + "\nlet a = file.exists.f_path; let b = x.f_path.dentry.d_name.len; let c = pid_type.self"
    #expect(try generate(more) == generate(more, shift: 64))
  }

  @Test func theSameProbeGivesTheSameTexts() throws {
    let first = try generate(probe)
    for _ in 0..<5 { #expect(try generate(probe) == first) }
  }

  @Test(arguments: [
    ("x.tgid", "var tgid: Int32 {"),
    ("x.default", "var `default`: Bool {"),
    ("x.raw", "var raw_: Int32 {"),
    ("x.comm", "var comm: KernelArray<16, UInt8> {"),
    ("x.comm", "var comm: KernelArray<16, UInt8>.Probed {"),
    ("x.in_execve", "var in_execve: UInt32 {"),
    ("x.usage.counter", "var usage: task_struct__usage {"),
    ("x.rlim[1].rlim_cur", "var rlim: KernelStructs<4, rlimit> {"),
    ("x.rlim[1].rlim_cur", "var rlim: KernelStructs<4, rlimit.Probed> {"),
    ("x.open[1].f_flags", "var open: KernelPointers<2, file> {"),
    ("x.fd[1].f_flags", "var fd: KernelPointers<0, file.Probed>.Probed {"),
    ("x.kind", "var kind: UInt32 {"),
    ("x.stack", "var stack: UnsafeRawPointer {"),
    ("x.sums[0]", "var sums: KernelArray<0, UInt32>.Probed {"),
  ])
  func fieldsHaveTheirTypes(use: String, property: String) throws {
    #expect(try generate("func f(_ x: task_struct) { \(use) }").swift.contains(property))
  }

  @Test func aStructInsideHasTheKernelsType() throws {
    let texts = try generate("func f(_ x: file) { x.f_path.dentry.d_name.name; x.depth }")
    #expect(texts.c.contains("return &((const struct file *)p)->f_path;"))
    #expect(texts.c.contains("return ((const struct path *)p)->dentry;"))
    #expect(texts.swift.contains("var f_path: path {"))
    #expect(texts.swift.contains("var f_path: path.Probed {"))
    // Fields of anonymous structs are the outer one's.
    #expect(texts.c.contains("struct file {\n  int depth;\n  struct path f_path;\n}"))
  }

  /// clang crashes over the address of a field whose type has no bytes.
  @Test func aStructInsideIsNeverEmpty() throws {
    let texts = try generate("func f(_ x: file) { x.f_path.pointer; file.offset.f_path }")
    #expect(texts.c.contains("struct path {\n  char unnamed;\n}"))
    #expect(try !generate("func f(_ x: path) { path.matches }").c.contains("unnamed"))
  }

  @Test(arguments: ["init", "Type", "self", "default", "in"]) func operationsCanHaveAnyName(name: String) {
    #expect(SwiftWord.escaped(name) == "`\(name)`")
    #expect(SwiftWord.escaped("ssthresh") == "ssthresh")
  }

  @Test func bitFieldsAreShifted() throws {
    let texts = try generate("func f(_ x: task_struct) { x.nice; x.in_execve }")
    #expect(texts.c.contains("unsigned int in_execve : 1;"))
    #expect(texts.c.contains("return (long long)v >> __builtin_preserve_field_info("))
  }

  @Test func everyKindOfQuestion() throws {
    let texts = try generate(
      """
      let a = (task_struct.exists.comm, task_struct.offset.tgid, task_struct.fieldSize.comm, task_struct.isSigned.nice,
        task_struct.leftShift.nice, task_struct.rightShift.nice, task_struct.isPresent, task_struct.size,
        task_struct.matches, task_struct.localID, task_struct.kernelID)
      let b = (pid_type.value.PIDTYPE_TGID, pid_type.exists.PIDTYPE_NEW, pid_type.isPresent, PIDTYPE_TGID)
      """)
    for kind in 0...5 {
      #expect(texts.c.contains(", \(kind));\n"))
      #expect(texts.c.contains("return __builtin_preserve_field_info(((const struct task_struct *)0)->"))
    }
    for kind in 0...2 { #expect(texts.c.contains("__builtin_preserve_type_info(*(struct task_struct *)0, \(kind))")) }
    for kind in 0...1 { #expect(texts.c.contains("__builtin_btf_type_id(*(struct task_struct *)0, \(kind))")) }
    #expect(texts.c.contains("__builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_TGID, 1)"))
    #expect(texts.c.contains("__builtin_preserve_enum_value(*(enum pid_type *)PIDTYPE_NEW, 0)"))
    #expect(texts.c.contains("enum pid_type {\n  PIDTYPE_NEW = 0,\n  PIDTYPE_TGID = 1,\n};"))
    #expect(texts.swift.contains("var PIDTYPE_TGID: UInt32 { @inline(__always) get { 1 } }"))
  }

  @Test func contextsOfEveryKind() throws {
    let texts = try generate(
      """
      func a(_ c: LSM.file_open) { c.file.f_flags; c.result }
      func b(_ c: FunctionExit.vfs_open) { c.mode; c.result }
      func d(_ c: Tracepoint.task_start) { c.pid; c.filename }
      func e(_ c: Tracepoint.sys_enter_openat) { c.id }
      func f(_ c: Iterator.file) { c.file.f_flags }
      func g(_ c: StructOps.task_ops.start) { c.argument0.tgid }
      """)
    for part in [
      "extension LSM {", "extension FunctionExit {", "extension Tracepoint {", "extension Iterator {",
      "extension StructOps { enum task_ops {} }", "extension StructOps.task_ops {", "struct sys_enter_openat:",
      "var filename: TracepointText {", "var argument0: task_struct {", "core_argument__3___Bool(pointer)",
      "core_argument__2__unsigned_int(pointer)",
      // Inside of `Iterator`, `file` is the context.
      "var file: view_file {", "typealias view_file = file",
    ] { #expect(texts.swift.contains(part), "\(part)") }
  }

  @Test func functionsOfTheKernelAreCalledByName() throws {
    let texts = try generate(
      "func f() { if KernelFunction.exists.bpf_task_from_pid { bpf_task_release(bpf_task_from_pid(1)); schedule() } }")
    #expect(texts.swift.contains("func bpf_task_from_pid(_ pid: Int32) -> task_struct {"))
    #expect(texts.swift.contains("func bpf_task_release(_ p: task_struct) {"))
    #expect(
      texts.c.contains(
        "extern struct task_struct * bpf_task_from_pid(int pid) __attribute__((section(\".ksyms\"), weak));"))
    #expect(texts.swift.contains("var bpf_task_from_pid: Bool {"))
    // No kfunc, so not for programs.
    #expect(!texts.swift.contains("schedule"))
    // A function that the probe has itself, or the module that it imports, is not made.
    #expect(try generate("func bpf_task_from_pid() {}\nfunc f() { bpf_task_from_pid() }").isEmpty)
    #expect(
      try KernelTypeGenerator.generate(
        sources: ["func f() { bpf_task_from_pid(1) }"], kernel: MiniKernel.types(), reserved: ["bpf_task_from_pid"]
      ).isEmpty)
  }

  @Test func aNameOfTheProbeIsNotTaken() throws {
    let texts = try generate("struct dentry {}\nfunc f(_ x: file) { x.f_path.dentry.d_parent }")
    #expect(texts.swift.contains("struct kernel_dentry: KernelObject"))
    #expect(texts.c.contains("struct dentry {"))
  }

  @Test(arguments: [
    ("\n  BTFTracepoint.task_strt", 2, 3, "the kernel has no tracepoint 'task_strt'; did you mean 'task_start'?"),
    ("FunctionEntry.vfs_opn", 1, 1, "the kernel has no function 'vfs_opn'; did you mean 'vfs_open'?"),
    ("LSM.file_opne", 1, 1, "the kernel has no LSM hook 'file_opne'; did you mean 'file_open'?"),
    ("StructOps.task_ops.strat", 1, 1, "task_ops has no operation 'strat'; did you mean 'start'?"),
    ("a = task_struct.exists.tgidd", 1, 5, "task_struct has no field 'tgidd'; did you mean 'tgid'?"),
    ("Iterator.nothing_alike", 1, 1, "the kernel has no iterator 'nothing_alike'"),
  ])
  func mistakesAreShown(source: String, line: Int, column: Int, message: String) throws {
    let error = #expect(throws: KernelTypesError.self) { try generate(source) }
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.message == message)
  }

  @Test func contextsNeedTypes() {
    let error = #expect(throws: KernelTypesError.self) {
      try KernelTypeGenerator.generate(sources: ["func f(_ c: LSM.file_open) {}"], kernel: nil)
    }
    #expect(error?.message.hasPrefix("LSM.file_open is described by the kernel's BTF, and there is none: ") == true)
  }

  /// Types of the one module that the probe means, beside the kernel's own.
  @Test func modulesAreSearched() throws {
    let kernel = try MiniKernel.types()
    func module(_ name: String) throws -> BTFTypes {
      var builder = BTFBuilder(base: kernel)
      let task = try builder.add(.pointer(#require(kernel.id(named: "task_struct", kind: .structure))))
      _ = try builder.add(
        .structure(
          BTFComposite(name: name, size: 8, members: [.init(name: "owner", type: task, bitOffset: 0)])))
      return try BTFTypes(bytes: builder.encode(), base: kernel)
    }
    func swift(_ source: String) throws -> String {
      try KernelTypeGenerator.generate(
        sources: [source], kernel: kernel, modules: [module("near_node"), module("far_node")]
      ).swift
    }
    let text = try swift("func f(_ x: far_node) { x.owner.tgid }")
    #expect(text.contains("var owner: task_struct {") && text.contains("var tgid: Int32 {"))
    #expect(!text.contains("near_node"))
    #expect(try swift("func f(_ x: task_struct) { x.tgid }") == generate("func f(_ x: task_struct) { x.tgid }").swift)
  }

  @Test func flavorsAddFields() throws {
    let texts = try generate(
      """
      protocol task_struct___old { var state: Int64 { get }; var tgid: UInt16 { get } }
      protocol gone___ever { var name: KernelArray<16, UInt8> { get }; var owner: task_struct { get } }
      func f(_ x: task_struct, _ y: gone) { x.state; x.tgid; x.tgid___old; y.name; y.owner; gone.isPresent }
      let there = task_struct.exists.state
      """)
    #expect(
      texts.c.contains(
        "struct task_struct___old {\n  long long state;\n  unsigned short tgid;\n} __attribute__((preserve_access_index));"
      ))
    #expect(texts.c.contains("return ((const struct task_struct___old *)p)->state;"))
    #expect(texts.c.contains("__builtin_preserve_field_info(((const struct task_struct___old *)0)->state, 2)"))
    #expect(texts.swift.contains("var state: Int64 {"))
    #expect(texts.swift.contains("var tgid: Int32 {"))
    #expect(texts.swift.contains("var tgid___old: UInt16 {"))
    #expect(texts.swift.contains("struct gone: KernelObject {"))
    #expect(texts.swift.contains("var owner: task_struct.Probed {"))
  }

  @Test func flavorsHaveTypesThatCHas() {
    let error = #expect(throws: KernelTypesError.self) {
      try generate("protocol task_struct___old {\n  var state: String { get }\n}")
    }
    #expect(error?.line == 2)
    #expect(error?.message.hasPrefix("'String' is not a type that a field can be declared with") == true)
  }

  /// One object for all kernels: it reads directly where it can, and copies elsewhere.
  @Test func anyAddressIsReadBothWays() throws {
    let texts = try generate("func f(_ task: task_struct.Probed) { task.tgid }")
    let cast = "bpf_rdonly_cast(p, __builtin_btf_type_id(*(struct task_struct *)0, 1))"
    #expect(texts.c.contains("if (&bpf_rdonly_cast) return ((const struct task_struct *)\(cast))->tgid;"))
    #expect(texts.c.contains("(&v, sizeof(v), &((const struct task_struct *)p)->tgid); return v;"))
  }

  @Test func otherAddressesAreCast() throws {
    let texts = try generate("func f(_ x: UInt64, y: UnsafeRawPointer) { task_struct.cast(y).tgid }")
    #expect(texts.c.contains("return bpf_rdonly_cast(p, __builtin_btf_type_id(*(struct task_struct *)0, 1));"))
    #expect(texts.c.contains("extern void * bpf_rdonly_cast(const void * object, unsigned int type)"))
  }

  @Test(arguments: [
    ("task_struct", "tgidd", "did you mean 'tgid'?"),
    ("file.Probed", "f_flag", "did you mean 'f_flags'?"),
    ("file__f_path", "dentri", "did you mean 'dentry'?"),
    ("dentry__d_name.Probed", "names", "did you mean 'name'?"),
    ("file__f_path", "nothing", nil),
    ("Int32", "tgid", nil),
  ])
  func adviceOnMembers(view: String, field: String, advice: String?) throws {
    let types = try MiniKernel.types()
    #expect(KernelTypeGenerator.advice(forMember: field, of: view, kernel: types) == advice)
  }
}
