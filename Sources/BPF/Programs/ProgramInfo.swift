// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BPFObject
import BPFSystem
public import BTF
import SystemPackage

/// What the kernel says about a program.
public struct ProgramInfo: Sendable, Hashable {
  public var id: UInt32
  public var type: ProgramType
  /// What the kernel keeps of the name: up to 15 bytes. ``Program/name`` is the whole name.
  public var name: String
  /// The first 8 bytes of the SHA of the instructions, in hexadecimal: the same program has the same tag on every boot.
  public var tag: String
  /// When it was loaded, in nanoseconds since boot.
  public var loadTime: UInt64
  public var userID: UInt32
  public var isGPLCompatible: Bool
  /// Bytes of the instructions as the verifier left them; zero where the caller may not read them.
  public var translatedSize: Int
  /// Bytes of machine code; zero where the program is interpreted.
  public var machineCodeSize: Int
  /// The program's own types; zero for none.
  public var btfID: UInt32
  public var mapIDs: [UInt32]
  /// Run time in nanoseconds, number of runs, and runs left out because the program was running already on that CPU;
  /// the first two only count while statistics are enabled.
  public var runTime: UInt64
  public var runCount: UInt64
  /// - Requires: Linux 5.12
  public var recursionMisses: UInt64
  /// How many instructions the verifier went through.
  /// - Requires: Linux 5.16
  public var verifiedInstructions: Int
  /// What it attaches to: a type in a BTF object.
  /// - Requires: Linux 6.0
  public var attachBTFObjectID: UInt32
  public var attachTypeID: TypeID
  /// The device that an offloaded program is on; zero for none.
  public var interfaceIndex: UInt32
  /// Each function and the slot of the translated code that it starts at.
  public var functions: [Function]
  /// Where source lines start, by slot of the translated code.
  public var lines: [Line]
  /// A tag for each function.
  public var functionTags: [String]

  public struct Function: Sendable, Hashable {
    public var instruction: Int
    public var type: TypeID
  }

  public struct Line: Sendable, Hashable {
    public var instruction: Int
    /// String offsets in the program's BTF.
    public var fileName: UInt32
    public var text: UInt32
    public var line: Int
    public var column: Int
  }
}

extension Program {
  /// What the kernel says about it now.
  ///
  /// - Requires: Linux 4.13
  public func info() throws(BPFError) -> ProgramInfo {
    ProgramInfo(try information([.mapIDs, .functions, .lines, .tags]))
  }

  /// The kernel's id of the program.
  public func id() throws(BPFError) -> UInt32 { try information([]).id }

  /// Bytes of kernel memory that the program takes, its machine code left out.
  ///
  /// - Requires: /proc
  public func memory() throws(BPFError) -> Int {
    do {
      return try DescriptorFields(fd: fd)["memlock"].flatMap { Int($0) } ?? 0
    } catch {
      throw BPFError("reading the memory of program \(name)", errno: error)
    }
  }

  /// The instructions as the verifier left them, in 8-byte slots: dead code removed, helpers and maps by address.
  ///
  /// Empty where this process may not read them: see /proc/sys/kernel/kptr_restrict and net/core/bpf_jit_harden.
  public func translatedInstructions() throws(BPFError) -> [Instruction] {
    do {
      return try Instruction.decode(try information(.xlated).xlated)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.system, "reading the instructions of program \(name)", underlying: error)
    }
  }

  /// The machine code of each function, with its kernel address; empty where the program is interpreted or hidden.
  public func machineCode() throws(BPFError) -> [MachineCode] {
    let info = try information(.jited)
    // Without privilege the addresses are hidden; older kernels give no lengths.
    guard info.jitedLengths.reduce(0, { $0 + Int($1) }) == info.jited.count else {
      return info.jited.isEmpty ? [] : [MachineCode(address: info.jitedAddresses.first, bytes: info.jited)]
    }
    var start = 0
    return info.jitedLengths.enumerated().map { index, length in
      defer { start += Int(length) }
      let address = info.jitedAddresses.indices.contains(index) ? info.jitedAddresses[index] : nil
      return MachineCode(address: address, bytes: Array(info.jited[start..<start + Int(length)]))
    }
  }

  /// One function's machine code.
  public struct MachineCode: Sendable, Hashable {
    /// Nil where the kernel hides it.
    public var address: UInt64?
    public var bytes: [UInt8]
  }

  func information(_ arrays: ProgramInformation.Arrays) throws(BPFError) -> ProgramInformation {
    do {
      return try BPFCall.programInformation(fd: fd, arrays: arrays)
    } catch {
      throw BPFError("reading the information of program \(name)", errno: error)
    }
  }
}

extension ProgramInfo {
  init(_ info: ProgramInformation) {
    id = info.id
    type = ProgramType(rawValue: info.type)
    name = info.name
    tag = Self.hexadecimal(info.tag[...])
    loadTime = info.loadTime
    userID = info.userID
    isGPLCompatible = info.isGPLCompatible
    translatedSize = Int(info.xlatedSize)
    machineCodeSize = Int(info.jitedSize)
    btfID = info.btfID
    mapIDs = info.mapIDs
    runTime = info.runTime
    runCount = info.runCount
    recursionMisses = info.recursionMisses
    verifiedInstructions = Int(info.verifiedInstructions)
    attachBTFObjectID = info.attachBTFObjectID
    attachTypeID = TypeID(rawValue: info.attachTypeID)
    interfaceIndex = info.interfaceIndex
    functions = Self.words(info.functionRecords, size: info.functionRecordSize, atLeast: 2).map {
      Function(instruction: Int($0[0]), type: TypeID(rawValue: $0[1]))
    }
    lines = Self.words(info.lineRecords, size: info.lineRecordSize, atLeast: 4).map {
      Line(
        instruction: Int($0[0]), fileName: $0[1], text: $0[2], line: Int($0[3] >> 10), column: Int($0[3] & 0x3ff))
    }
    functionTags = stride(from: 0, to: info.subprogramTags.count - 7, by: 8).map {
      Self.hexadecimal(info.subprogramTags[$0..<$0 + 8])
    }
  }

  /// Cuts records of `size` bytes into their first words.
  private static func words(_ bytes: [UInt8], size: UInt32, atLeast count: Int) -> [[UInt32]] {
    let size = Int(size)
    guard size >= count * 4 else { return [] }
    return stride(from: 0, through: bytes.count - size, by: size).map { start in
      bytes.withUnsafeBytes { raw in
        (0..<count).map { raw.loadUnaligned(fromByteOffset: start + $0 * 4, as: UInt32.self) }
      }
    }
  }

  private static func hexadecimal(_ bytes: ArraySlice<UInt8>) -> String {
    String(unsafeUninitializedCapacity: bytes.count * 2) { text in
      func digit(_ value: UInt8) -> UInt8 { value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10 }
      for (index, byte) in bytes.enumerated() {
        text[2 * index] = digit(byte >> 4)
        text[2 * index + 1] = digit(byte & 15)
      }
      return text.count
    }
  }
}
