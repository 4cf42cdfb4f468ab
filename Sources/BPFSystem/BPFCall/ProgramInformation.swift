// SPDX-License-Identifier: Apache-2.0
import CBPF
package import SystemPackage

/// What the kernel says of a program.
package struct ProgramInformation: Sendable, Hashable {
  package var type: UInt32
  package var id: UInt32
  /// SHA of the instructions as loaded, 8 bytes.
  package var tag: [UInt8]
  package var name: String
  /// Nanoseconds since boot.
  package var loadTime: UInt64
  package var userID: UInt32
  package var interfaceIndex: UInt32
  package var isGPLCompatible: Bool
  package var btfID: UInt32
  /// Bytes of the rewritten instructions and of the machine code; zero where the caller may not read them.
  package var xlatedSize: UInt32
  package var jitedSize: UInt32
  package var mapCount: UInt32
  /// Counted while BPF_ENABLE_STATS is on.
  package var runTime: UInt64
  package var runCount: UInt64
  /// - Requires: Linux 5.12
  package var recursionMisses: UInt64
  /// - Requires: Linux 5.16
  package var verifiedInstructions: UInt32
  /// What it attaches to: a BTF object and a type in it (Linux 5.17).
  package var attachBTFObjectID: UInt32
  package var attachTypeID: UInt32

  /// The arrays, empty unless they were asked for.
  package var mapIDs: [UInt32] = []
  package var xlated: [UInt8] = []
  package var jited: [UInt8] = []
  package var jitedAddresses: [UInt64] = []
  package var jitedLengths: [UInt32] = []
  package var functionRecords: [UInt8] = []
  package var functionRecordSize: UInt32
  package var lineRecords: [UInt8] = []
  package var lineRecordSize: UInt32
  /// The address in the machine code of each line record.
  package var jitedLines: [UInt64] = []
  /// 8 bytes for each subprogram.
  package var subprogramTags: [UInt8] = []

  /// Which of the arrays are wanted.
  package struct Arrays: OptionSet, Sendable {
    package let rawValue: Int
    package init(rawValue: Int) { self.rawValue = rawValue }
    package static let mapIDs = Arrays(rawValue: 1)
    package static let xlated = Arrays(rawValue: 2)
    /// Machine code, with the address and length of each function.
    package static let jited = Arrays(rawValue: 4)
    package static let functions = Arrays(rawValue: 8)
    package static let lines = Arrays(rawValue: 16)
    package static let tags = Arrays(rawValue: 32)
  }

  init(_ info: cbpf_prog_info) {
    type = info.type
    id = info.id
    tag = withUnsafeBytes(of: info.tag) { Array($0) }
    name = BPFCall.name(info.name)
    loadTime = info.load_time
    userID = info.created_by_uid
    interfaceIndex = info.ifindex
    isGPLCompatible = info.gpl_compatible & 1 != 0
    btfID = info.btf_id
    xlatedSize = info.xlated_len
    jitedSize = info.jited_len
    mapCount = info.nr_map_ids
    runTime = info.run_time_ns
    runCount = info.run_cnt
    recursionMisses = info.recursion_misses
    verifiedInstructions = info.verified_insns
    attachBTFObjectID = info.attach_btf_obj_id
    attachTypeID = info.attach_btf_id
    functionRecordSize = info.func_info_rec_size
    lineRecordSize = info.line_info_rec_size
  }
}

extension BPFCall {
  /// The information of a program.
  ///
  /// - Parameters:
  ///   - arrays: what to fetch beside the numbers. The kernel leaves out what the caller may not see.
  package static func programInformation(
    fd: CInt, arrays: ProgramInformation.Arrays = []
  ) throws(Errno) -> ProgramInformation {
    var sizes = cbpf_prog_info()
    try objectInfo(fd: fd, &sizes)
    if arrays.isEmpty || arrays == .mapIDs && sizes.nr_map_ids == 0 { return ProgramInformation(sizes) }

    var memory = CallMemory()
    defer { memory.free() }
    var info = cbpf_prog_info()
    func room(_ array: ProgramInformation.Arrays, _ count: UInt32, _ size: Int) -> UnsafeMutableRawBufferPointer {
      memory.room(arrays.contains(array) ? Int(count) * size : 0)
    }
    let maps = room(.mapIDs, sizes.nr_map_ids, 4)
    info.map_ids = maps.address
    info.nr_map_ids = UInt32(maps.count / 4)
    let xlated = room(.xlated, sizes.xlated_len, 1)
    info.xlated = xlated.address
    info.xlated_len = UInt32(xlated.count)
    let jited = room(.jited, sizes.jited_len, 1)
    info.jited = jited.address
    info.jited_len = UInt32(jited.count)
    let addresses = room(.jited, sizes.nr_jited_ksyms, 8)
    info.jited_ksyms = addresses.address
    info.nr_jited_ksyms = UInt32(addresses.count / 8)
    let lengths = room(.jited, sizes.nr_jited_func_lens, 4)
    info.jited_func_lens = lengths.address
    info.nr_jited_func_lens = UInt32(lengths.count / 4)
    let functions = room(.functions, sizes.nr_func_info, Int(sizes.func_info_rec_size))
    info.func_info = functions.address
    info.nr_func_info = functions.isEmpty ? 0 : sizes.nr_func_info
    info.func_info_rec_size = functions.isEmpty ? 0 : sizes.func_info_rec_size
    let lines = room(.lines, sizes.nr_line_info, Int(sizes.line_info_rec_size))
    info.line_info = lines.address
    info.nr_line_info = lines.isEmpty ? 0 : sizes.nr_line_info
    info.line_info_rec_size = lines.isEmpty ? 0 : sizes.line_info_rec_size
    let jitedLines = room(.lines, sizes.nr_jited_line_info, Int(sizes.jited_line_info_rec_size))
    info.jited_line_info = jitedLines.address
    info.nr_jited_line_info = jitedLines.isEmpty ? 0 : sizes.nr_jited_line_info
    info.jited_line_info_rec_size = jitedLines.isEmpty ? 0 : sizes.jited_line_info_rec_size
    let tags = room(.tags, sizes.nr_prog_tags, 8)
    info.prog_tags = tags.address
    info.nr_prog_tags = UInt32(tags.count / 8)
    try objectInfo(fd: fd, &info)

    // A null pointer comes back where the kernel hid an array from an unprivileged caller.
    var result = ProgramInformation(info)
    result.functionRecordSize = sizes.func_info_rec_size
    result.lineRecordSize = sizes.line_info_rec_size
    result.mapCount = sizes.nr_map_ids
    result.xlatedSize = sizes.xlated_len
    result.jitedSize = sizes.jited_len
    result.mapIDs = maps.integers(as: UInt32.self)
    if info.xlated != 0 { result.xlated = Array(xlated) }
    if info.jited != 0 { result.jited = Array(jited) }
    if info.jited_ksyms != 0 { result.jitedAddresses = addresses.integers(as: UInt64.self) }
    if info.jited_func_lens != 0 { result.jitedLengths = lengths.integers(as: UInt32.self) }
    result.functionRecords = Array(functions)
    result.lineRecords = Array(lines)
    if info.jited_line_info != 0 { result.jitedLines = jitedLines.integers(as: UInt64.self) }
    result.subprogramTags = Array(tags)
    return result
  }
}

extension UnsafeMutableRawBufferPointer {
  /// The bytes as integers in the machine's order.
  func integers<Number: FixedWidthInteger & BitwiseCopyable>(as type: Number.Type) -> [Number] {
    Array(bindMemory(to: type))
  }
}
