// SPDX-License-Identifier: Apache-2.0
import CBPF
import Glibc
package import SystemPackage

/// What BPF_PROG_LOAD takes beside the instructions. Numbers are the kernel's own.
package struct ProgramLoad: Sendable {
  package var type: UInt32
  package var expectedAttachType: UInt32 = 0
  /// Cut to 15 bytes.
  package var name: String
  package var license: String
  /// `LINUX_VERSION_CODE`, which kernels before 5.0 check for kprobe programs.
  package var kernelVersion: UInt32 = 0
  package var flags: UInt32 = 0
  package var interfaceIndex: UInt32 = 0
  /// The program's own types, which function and line records refer to.
  package var btfFD: CInt?
  /// `bpf_func_info` records: two words each.
  package var functionRecords: [UInt32] = []
  /// `bpf_line_info` records: four words each.
  package var lineRecords: [UInt32] = []
  /// The kernel type (function, hook, struct) that the program attaches to.
  package var attachTypeID: UInt32 = 0
  /// The program that is attached to (freplace, fentry on a program), or the module BTF that `attachTypeID` is in.
  package var attachFD: CInt?
  /// Maps and BTF objects that instructions name by index.
  package var descriptors: [CInt] = []
  /// Also binds every map in `descriptors` to the program.
  ///
  /// - Requires: Linux 6.14
  package var bindsDescriptors = false
  /// A BPF token. Its flag is set along with it.
  package var tokenFD: CInt?
  /// A PKCS#7 signature and the keyring that it is checked against.
  ///
  /// - Requires: Linux 6.18
  package var signature: [UInt8] = []
  package var keyring: Int32 = 0

  package init(type: UInt32, name: String = "", license: String = "GPL") {
    self.type = type
    self.name = name
    self.license = license
  }
}

extension BPFCall {
  /// How often a load that the kernel broke off for a signal (`EAGAIN`) is tried.
  private static let loadAttempts = 5

  /// BPF_PROG_LOAD.
  ///
  /// - Parameters:
  ///   - instructions: 8 byte slots, in the machine's byte order.
  ///   - log: receives the verifier's log; nil for none, which is the fastest.
  package static func loadProgram(
    _ program: ProgramLoad, instructions: RawSpan, log: inout KernelLog?
  ) throws(Errno) -> Descriptor {
    guard var collected = log else { return try load(program, instructions, nil, truncated: nil) }
    defer { log = collected }
    var required: UInt32 = 0
    defer { collected.requiredCapacity = Int(required) }
    let level = collected.level
    return try collected.collecting { (buffer) throws(Errno) in
      try load(program, instructions, (buffer, level), truncated: &required)
    }
  }

  /// BPF_PROG_LOAD without a log.
  package static func loadProgram(_ program: ProgramLoad, instructions: RawSpan) throws(Errno) -> Descriptor {
    try load(program, instructions, nil, truncated: nil)
  }

  private static func load(
    _ program: ProgramLoad, _ instructions: RawSpan, _ log: (buffer: UnsafeMutableRawBufferPointer, level: UInt32)?,
    truncated required: UnsafeMutablePointer<UInt32>?
  ) throws(Errno) -> Descriptor {
    var attributes = cbpf_prog_load()
    attributes.prog_type = program.type
    attributes.expected_attach_type = program.expectedAttachType
    attributes.insn_cnt = UInt32(instructions.byteCount / 8)
    attributes.kern_version = program.kernelVersion
    attributes.prog_flags = program.flags
    setName(&attributes.prog_name, program.name)
    attributes.prog_ifindex = program.interfaceIndex
    attributes.btf_fd = program.btfFD.descriptorField
    attributes.attach_btf_id = program.attachTypeID
    attributes.attach_fd = program.attachFD.descriptorField
    if let fd = program.tokenFD {
      attributes.token_fd = fd
      attributes.prog_flags |= 1 << 16  // BPF_F_TOKEN_FD
    }
    if let log, log.level != 0 {
      attributes.log_level = log.level
      attributes.log_size = UInt32(log.buffer.count)
      attributes.log_buf = UInt64(address: log.buffer.baseAddress)
    }
    defer { required?.pointee = attributes.log_true_size }

    var memory = CallMemory()
    defer { memory.free() }
    attributes.license = memory.place(program.license)
    attributes.func_info = memory.place(program.functionRecords)
    attributes.func_info_rec_size = program.functionRecords.isEmpty ? 0 : 8
    attributes.func_info_cnt = UInt32(program.functionRecords.count / 2)
    attributes.line_info = memory.place(program.lineRecords)
    attributes.line_info_rec_size = program.lineRecords.isEmpty ? 0 : 16
    attributes.line_info_cnt = UInt32(program.lineRecords.count / 4)
    attributes.fd_array = memory.place(program.descriptors)
    attributes.fd_array_cnt = program.bindsDescriptors ? UInt32(program.descriptors.count) : 0
    attributes.signature = memory.place(program.signature)
    attributes.signature_size = UInt32(program.signature.count)
    attributes.keyring_id = program.keyring
    return try instructions.withUnsafeBytes { (code) throws(Errno) in
      attributes.insns = UInt64(address: code.baseAddress)
      return try loadRetrying(&attributes)
    }
  }

  /// The verifier gives a long check up when a signal is pending, and asks to try again.
  private static func loadRetrying(_ attributes: inout cbpf_prog_load) throws(Errno) -> Descriptor {
    var attempt = 1
    while true {
      do {
        return try open(CBPF_PROG_LOAD, &attributes)
      } catch {
        guard error.rawValue == EAGAIN, attempt < loadAttempts else { throw error }
        attempt += 1
      }
    }
  }

  /// BPF_BTF_LOAD.
  ///
  /// - Requires: Linux 4.18
  package static func loadBTF(_ blob: RawSpan, log: inout KernelLog?, tokenFD: CInt? = nil) throws(Errno) -> Descriptor
  {
    var attributes = cbpf_btf_load()
    attributes.btf_size = UInt32(blob.byteCount)
    if let tokenFD {
      attributes.token_fd = tokenFD
      attributes.btf_flags = 1 << 16  // BPF_F_TOKEN_FD
    }
    return try blob.withUnsafeBytes { (bytes) throws(Errno) in
      attributes.btf = UInt64(address: bytes.baseAddress)
      guard var collected = log, collected.level != 0 else { return try open(CBPF_BTF_LOAD, &attributes) }
      defer { log = collected }
      defer { collected.requiredCapacity = Int(attributes.log_true_size) }
      attributes.log_level = collected.level
      return try collected.collecting { (buffer) throws(Errno) in
        attributes.log_buf = UInt64(address: buffer.baseAddress)
        attributes.log_size = UInt32(buffer.count)
        return try open(CBPF_BTF_LOAD, &attributes)
      }
    }
  }

  /// BPF_BTF_LOAD without a log.
  package static func loadBTF(_ blob: RawSpan, tokenFD: CInt? = nil) throws(Errno) -> Descriptor {
    var none: KernelLog?
    return try loadBTF(blob, log: &none, tokenFD: tokenFD)
  }

  /// BPF_PROG_BIND_MAP: the map lives as long as the program.
  ///
  /// - Requires: Linux 5.10
  package static func bindMap(program: CInt, map: CInt) throws(Errno) {
    var attributes = cbpf_words(word: (UInt32(bitPattern: program), UInt32(bitPattern: map), 0, 0))
    try call(CBPF_PROG_BIND_MAP, &attributes)
  }

  /// BPF_PROG_ASSOC_STRUCT_OPS: ties a program to the struct_ops map that its kfuncs act for.
  ///
  /// - Requires: Linux 7.0
  package static func associateStructOps(program: CInt, map: CInt) throws(Errno) {
    var attributes = cbpf_words(word: (UInt32(bitPattern: map), UInt32(bitPattern: program), 0, 0))
    try call(CBPF_PROG_ASSOC_STRUCT_OPS, &attributes)
  }
}
