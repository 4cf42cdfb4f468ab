// SPDX-License-Identifier: Apache-2.0
import SystemPackage
import TestSupport
import Testing

@testable import BPFSystem

/// The commands against the running kernel.
@Suite(.requires(.root)) struct BPFCallTests {
  /// `r0 = immediate; exit`.
  static func returning(_ immediate: Int32) -> [UInt64] {
    [0xb7 | UInt64(UInt32(bitPattern: immediate)) << 32, 0x95]
  }

  @Test func mapElements() throws {
    let map = try BPFCall.createMap(
      MapCreate(type: 1, keySize: 4, valueSize: 8, maxEntries: 4, name: "a-name.of_more_than_15"))
    let fd = map.rawValue
    var key: UInt32 = 7
    var value: UInt64 = 70
    try BPFCall.update(fd: fd, key: &key, value: &value, flags: 1)
    #expect(throws: Errno.fileExists) { try BPFCall.update(fd: fd, key: &key, value: &value, flags: 1) }
    value = 0
    try BPFCall.lookup(fd: fd, key: &key, value: &value)
    #expect(value == 70)
    var first: UInt32 = 0
    try BPFCall.nextKey(fd: fd, after: nil, into: &first)
    #expect(first == 7)
    #expect(throws: Errno.noSuchFileOrDirectory) { try BPFCall.nextKey(fd: fd, after: &key, into: &first) }
    try BPFCall.delete(fd: fd, key: &key)
    #expect(throws: Errno.noSuchFileOrDirectory) { try BPFCall.lookup(fd: fd, key: &key, value: &value) }

    let info = try BPFCall.mapInformation(fd: fd)
    #expect(info.name == "a_name.of_more_")
    #expect(info.maxEntries == 4 && info.keySize == 4 && info.valueSize == 8 && info.type == 1)
    #expect(try BPFCall.ids(.map).contains(info.id))
    let again = try BPFCall.openByID(.map, info.id)
    #expect(try BPFCall.mapInformation(fd: again.rawValue).id == info.id)
    try BPFCall.freeze(fd: fd)
    #expect(throws: Errno.notPermitted) { try BPFCall.update(fd: fd, key: &key, value: &value) }
  }

  @Test func batchReportsItsEnd() throws {
    let map = try BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 8, maxEntries: 10))
    let fd = map.rawValue
    let keys: [UInt32] = Array(0..<10)
    let values: [UInt64] = (0..<10).map { $0 * 3 }
    var count: UInt32 = 10
    try BPFCall.batch(.update, fd: fd, keys: keys, values: values, count: &count)
    #expect(count == 10)
    var outKeys = [UInt32](repeating: 0, count: 16)
    var outValues = [UInt64](repeating: 0, count: 16)
    var next: UInt32 = 0
    count = 16
    #expect(throws: Errno.noSuchFileOrDirectory) {
      try BPFCall.batch(.lookup, fd: fd, next: &next, keys: &outKeys, values: &outValues, count: &count)
    }
    #expect(count == 10)
    #expect(Array(outValues.prefix(10)) == values)
  }

  @Test func programLoadsRunsAndSaysWhatItIs() throws {
    var load = ProgramLoad(type: 6, name: "answer")
    load.license = "MIT"
    let code = Self.returning(2)
    let program = try BPFCall.loadProgram(load, instructions: code.span.bytes)
    var run = ProgramRun()
    run.data = [UInt8](repeating: 0, count: 64)
    run.dataCapacity = 256
    run.repetitions = 3
    let result = try BPFCall.testRun(program: program.rawValue, run)
    #expect(result.returnValue == 2)
    #expect(result.data == run.data)

    let info = try BPFCall.programInformation(fd: program.rawValue, arrays: [.xlated, .jited, .mapIDs, .tags])
    #expect(info.name == "answer" && info.type == 6 && !info.isGPLCompatible)
    #expect(info.xlated == code.withUnsafeBytes { Array($0) })
    if KernelVersion.current >= KernelVersion(5, 16) { #expect(info.verifiedInstructions == 2) }
    #expect(info.mapIDs.isEmpty)
    #expect(try BPFCall.ids(.program).contains(info.id))
  }

  @Test func refusedProgramLeavesItsLog() throws {
    // r0 is never set.
    let code: [UInt64] = [0x95]
    var log: KernelLog? = KernelLog()
    #expect(throws: Errno.permissionDenied) {
      _ = try BPFCall.loadProgram(ProgramLoad(type: 6), instructions: code.span.bytes, log: &log).rawValue
    }
    let text = try #require(log).text
    #expect(text.contains("R0 !read_ok"))
    let isTold = KernelVersion.current >= KernelVersion(6, 4)
    #expect(try #require(log).requiredCapacity == (isTold ? text.utf8.count + 1 : 0))
  }

  @Test func rawTracepointLinkIsListed() throws {
    let program = try BPFCall.loadProgram(ProgramLoad(type: 17), instructions: Self.returning(0).span.bytes)
    let link = try BPFCall.openRawTracepoint("sys_enter", program: program.rawValue)
    let info = try BPFCall.linkInformation(fd: link.rawValue)
    #expect(info.type == 1 && info.name == "sys_enter" && info.cookies == [0])
    #expect(info.programID == (try BPFCall.programInformation(fd: program.rawValue)).id)
    #expect(try BPFCall.ids(.link).contains(info.id))
  }

  /// The information alone, where there is no /proc, says the same as the link in /proc.
  @Test func kindsAreToldApart() throws {
    let program = try BPFCall.loadProgram(ProgramLoad(type: 17), instructions: Self.returning(0).span.bytes)
    let map = try BPFCall.createMap(MapCreate(type: 2, keySize: 4, valueSize: 8, maxEntries: 1))
    let link = try BPFCall.openRawTracepoint("sys_enter", program: program.rawValue)
    // A header, and a string section of one empty string.
    let blob: [UInt8] =
      [0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0, 0, 16, 0, 0, 0, 5, 0, 0, 0]
      + [1, 0, 0, 0, 0, 0, 0, 1, 4, 0, 0, 0, 32, 0, 0, 1] + [0, 105, 110, 116, 0]
    let types = try BPFCall.loadBTF(blob.span.bytes)
    for (fd, kind) in [
      (program.rawValue, ObjectKind.program), (map.rawValue, .map), (link.rawValue, .link), (types.rawValue, .btf),
    ] {
      #expect(BPFCall.kind(of: fd) == kind)
      #expect(BPFCall.kindByInformation(of: fd) == kind)
    }
    let file = try Descriptor.open("/dev/null")
    #expect(BPFCall.kind(of: file.rawValue) == nil)
    #expect(BPFCall.kindByInformation(of: file.rawValue) == nil)
  }

  @Test func kernelTypesCanBeRead() throws {
    let kernel = try BPFCall.ids(.btf).lazy.compactMap { id in
      // Others' go away meanwhile.
      guard let btf = try? BPFCall.openByID(.btf, id) else { return nil as [UInt8]? }
      let info = try BPFCall.btfInformation(fd: btf.rawValue)
      guard info.isKernel, info.name == "vmlinux" else { return nil }
      let bytes = try BPFCall.btfBytes(fd: btf.rawValue)
      #expect(bytes.count == Int(info.size))
      return bytes
    }.first
    // Before 5.11 the kernel's own types have no id.
    #expect((kernel != nil) == (KernelVersion.running >= "5.11"))
  }

  @Test func btfThatIsRefusedLeavesItsLog() throws {
    // A header with a type section of one type whose kind does not exist.
    let blob: [UInt8] =
      [0x9f, 0xeb, 1, 0, 24, 0, 0, 0, 0, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0, 1, 0, 0, 0]
      + [0, 0, 0, 0, 0, 0, 0, 31, 0, 0, 0, 0] + [0]
    var log: KernelLog? = KernelLog()
    #expect(throws: Errno.invalidArgument) { _ = try BPFCall.loadBTF(blob.span.bytes, log: &log).rawValue }
    #expect(try #require(log).text.contains("Invalid "))
  }
}
