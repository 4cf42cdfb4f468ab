// SPDX-License-Identifier: Apache-2.0

import BTF

/// A kernel of a few types, whose layout can be moved.
struct MiniKernel {
  private var builder = BTFBuilder()
  private var ids: [String: TypeID] = [:]

  /// - Parameter shift: bytes that come before the fields of each struct, as if the kernel had others there.
  static func types(shift: Int = 0) throws -> BTFTypes {
    var kernel = MiniKernel()
    try kernel.addTypes(shift: shift)
    return try BTFTypes(bytes: kernel.builder.encode())
  }

  private mutating func add(_ type: BTFType, as key: String) throws {
    let id = try builder.add(type)
    if ids[key] == nil { ids[key] = id }
  }

  private subscript(key: String) -> TypeID { ids[key] ?? .void }

  private mutating func pointer(to key: String) throws { try add(.pointer(self[key]), as: key + "*") }

  private mutating func structure(
    _ name: String, shift: Int, _ members: [(String, String, Int)], isUnion: Bool = false, bits: [String: Int] = [:]
  ) throws {
    let composite = BTFComposite(
      name: name.hasPrefix("anonymous") ? "" : name, size: 256 + shift,
      members: members.map { member, type, offset in
        BTFComposite.Member(
          name: member, type: self[type], bitOffset: (isUnion ? 0 : shift * 8) + offset, bitSize: bits[member] ?? 0)
      })
    try add(isUnion ? .union(composite) : .structure(composite), as: name)
  }

  private mutating func function(_ name: String, _ parameters: [(String, String)], result: String = "int") throws {
    let prototype = BTFPrototype(
      result: self[result], parameters: parameters.map { .init(name: $0.0, type: self[$0.1]) })
    try add(.functionPrototype(prototype), as: "prototype of \(name)")
    try add(.function(BTFFunction(name: name, type: self["prototype of \(name)"], linkage: .static)), as: name)
  }

  private mutating func addTypes(shift: Int) throws {
    try add(.int(BTFInteger(name: "int", size: 4, encoding: .signed)), as: "int")
    try add(.int(BTFInteger(name: "unsigned int", size: 4)), as: "uint")
    try add(.int(BTFInteger(name: "unsigned long", size: 8)), as: "ulong")
    try add(.int(BTFInteger(name: "char", size: 1, encoding: .char)), as: "char")
    try add(.int(BTFInteger(name: "_Bool", size: 1, encoding: .bool)), as: "bool")
    try add(.typedef(name: "pid_t", type: self["int"]), as: "pid_t")
    try add(.pointer(.void), as: "void*")
    try pointer(to: "char")
    try pointer(to: "uint")
    try add(.array(BTFArray(element: self["char"], index: self["int"], count: 16)), as: "char[16]")
    try add(
      .enumeration(
        BTFEnumeration(
          name: "pid_type", size: 4,
          values: [.init(name: "PIDTYPE_PID", bits: 0), .init(name: "PIDTYPE_TGID", bits: 1 + UInt64(shift))])),
      as: "pid_type")

    try structure("qstr", shift: shift, [("len", "uint", 0), ("name", "char*", 64)])
    try structure("dentry", shift: shift, [("d_name", "qstr", 0), ("d_parent", "dentry*", 4096)])
    try pointer(to: "dentry")
    try structure("path", shift: shift, [("mnt", "void*", 0), ("dentry", "dentry*", 64)])
    try structure("anonymous flags", shift: shift, [("depth", "int", 0), ("width", "int", 0)], isUnion: true)
    try structure(
      "file", shift: shift, [("", "anonymous flags", 0), ("f_path", "path", 64), ("f_flags", "uint", 2048)])
    try pointer(to: "file")
    try add(.pointer(self["file*"]), as: "file**")
    try structure("rlimit", shift: shift, [("rlim_cur", "ulong", 0), ("rlim_max", "ulong", 64)])
    try add(.array(BTFArray(element: self["rlimit"], index: self["int"], count: 4)), as: "rlimit[4]")
    try add(.array(BTFArray(element: self["file*"], index: self["int"], count: 2)), as: "file*[2]")
    try structure("anonymous usage", shift: shift, [("counter", "int", 0)])

    // task_struct points to itself: its pointer takes the id that comes after it.
    let task = TypeID(rawValue: builder.endID.rawValue + 1)
    try add(.pointer(task), as: "task_struct*")
    try structure(
      "task_struct", shift: shift,
      [
        ("tgid", "pid_t", 0), ("real_parent", "task_struct*", 64), ("comm", "char[16]", 128),
        ("in_execve", "uint", 256), ("nice", "int", 257), ("usage", "anonymous usage", 320), ("rlim", "rlimit[4]", 384),
        ("open", "file*[2]", 1024), ("fd", "file**", 1152), ("kind", "pid_type", 1216), ("stack", "void*", 1280),
        ("sums", "uint*", 1344), ("default", "bool", 1408), ("raw", "int", 1440),
      ], bits: ["in_execve": 1, "nice": 5])

    try function("__traceiter_task_start", [("__data", "void*"), ("p", "task_struct*"), ("clone_flags", "ulong")])
    try pointer(to: "prototype of __traceiter_task_start")
    try add(.typedef(name: "btf_trace_task_start", type: self["prototype of __traceiter_task_start*"]), as: "unnamed")
    try function("bpf_lsm_file_open", [("file", "file*")])
    try function("vfs_open", [("path", "void*"), ("file", "file*"), ("mode", "uint")], result: "bool")
    try function("bpf_task_from_pid", [("pid", "int")], result: "task_struct*")
    try function("bpf_task_release", [("p", "task_struct*")], result: "void")
    try function("schedule", [], result: "void")
    for name in ["bpf_task_from_pid", "bpf_task_release"] {
      try add(.declTag(BTFDeclTag(name: "bpf_kfunc", type: self[name])), as: "unnamed")
    }
    try structure("trace_event_raw_task_start", shift: shift, [("pid", "int", 0), ("__data_loc_filename", "uint", 32)])
    try structure("trace_event_raw_sys_enter", shift: shift, [("id", "ulong", 0)])
    try structure("bpf_iter__file", shift: shift, [("meta", "void*", 0), ("file", "file*", 64)])
    try add(
      .functionPrototype(BTFPrototype(result: self["int"], parameters: [.init(name: "", type: self["task_struct*"])])),
      as: "operation")
    try pointer(to: "operation")
    try structure("task_ops", shift: shift, [("start", "operation*", 0)])
  }
}
