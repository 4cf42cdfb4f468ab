// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFELF
import BPFObject
import BTF
import Foundation
import TestSupport
import Testing

@testable import BPFCompiler

/// Correct programs become standard objects: bpftool and libbpf load what Merops loads.
@Suite struct ForeignLoaderTests {
  private func load(_ source: String, cpu: String = "v2") throws {
    let bpffs = try TestBPFFS()
    try Built.withFile(source, cpu: cpu) { path in
      let result = try Shell.run(["bpftool", "prog", "loadall", path, "\(bpffs.path)/programs"])
      #expect(result.status == 0, "\(result.output)")
      #expect(!result.output.contains("BTF"), "\(result.output)")
    }
    try BPFCollection(bytes: Built.object(source, cpu: cpu), name: "probe").load()
  }

  /// An unreachable end left `__bpf_trap` among the kernel's functions, which no instruction calls.
  static let switchOverEnum = probe(
    """
    enum Kind: UInt8 { case a, b, c }
    struct Config: BitwiseCopyable { var kind: Kind }
    var config = ArrayMap<Config>(maxEntries: 1)
    """,
    body: """
      guard let c = config[0] else { return .pass }
      switch c.kind { case .a: return .pass; case .b: return .drop; case .c: return .transmit }
      """)

  @Test(.requires(.root), .requires(.command("bpftool"))) func switchOverAStoredEnum() throws {
    let types = try #require(try ObjectSpec(bytes: Built.object(Self.switchOverEnum), name: "probe").types)
    #expect(
      types.id(named: "__bpf_trap", kind: .function) == nil && types.id(named: ".ksyms", kind: .dataSection) == nil)
    try load(Self.switchOverEnum)
  }

  static let unicode = """
    import BPFKernel

    let license = License.gpl
    struct Größe: BitwiseCopyable { var länge: UInt32 }
    var zähler: UInt64 = 0
    var `class`: UInt32 = 0
    var 数 = HashMap<UInt32, Größe>(maxEntries: 8)
    let π: UInt32 = 3
    @inline(never) func mäßig(_ größe: UInt32) -> UInt32 { zähler += 1; return größe &* π }
    @section("xdp") func größe(_ kontext: XDPContext) -> XDPAction {
      `class` = mäßig(kontext.length)
      数[7] = Größe(länge: 1)
      return .pass
    }
    """

  @Test(.requires(.root), .requires(.command("bpftool"))) func namesInOtherAlphabets() throws {
    let spec = try ObjectSpec(bytes: Built.object(Self.unicode), name: "probe")
    #expect(spec.programs.map(\.name) == ["gr_uf6__udf_e"])
    #expect(spec.maps.map(\.name).contains("_u6570_"))
    try load(Self.unicode)
  }

  @Test(arguments: [
    ("zähler", "z_ue4_hler"), ("数", "_u6570_"), ("plain_name2", "plain_name2"), ("two words", "two_u20_words"),
    ("", "_"), ("2nd", "_2nd"),
  ])
  func encodedNames(name: String, expected: String) { #expect(CIdentifier.encoded(name) == expected) }

  @Test(arguments: ["zähler", "数", "größe", "plain", "a_ub_c", "_u", "_u_", "_uzz_"])
  func encodedNamesAreReadBack(name: String) { #expect(CIdentifier.decoded(CIdentifier.encoded(name)) == name) }

  static let histogram = probe(
    """
    struct Histogram<let n: Int>: BitwiseCopyable { var slots: InlineArray<n, UInt64> }
    struct Pair<T: BitwiseCopyable, let n: Int>: BitwiseCopyable { var first: T; var rest: InlineArray<n, T>; var name: FixedString<n> }
    struct Both: BitwiseCopyable { var a: Histogram<2>; var b: Pair<UInt16, 3> }
    var h = ArrayMap<Histogram<20>>(maxEntries: 1)
    var pairs = ArrayMap<Pair<Histogram<2>, 7>>(maxEntries: 1)
    var both = ArrayMap<Both>(maxEntries: 1)
    """, body: "h.withValue(0) { $0.slots[3] += 1 }")

  @Test(.requires(.root), .requires(.command("bpftool"))) func valueGenericStructs() throws {
    let spec = try ObjectSpec(bytes: Built.object(Self.histogram), name: "probe")
    #expect(spec.maps.first { $0.name == "h" }?.valueSize == 160)
    #expect(spec.maps.first { $0.name == "pairs" }?.valueSize == 136)
    #expect(spec.maps.first { $0.name == "both" }?.valueSize == 32)
    try load(Self.histogram)
  }

  @Test func usdtNeedsNoName() throws {
    let source = """
      import BPFKernel
      let license = License.gpl
      var specs = USDTSpecifications(maxEntries: 256)
      var seen: Int64 = 0
      @section("usdt/libstdc++.so.6:libstdcxx:throw")
      func thrown(_ probe: UserProbe) -> Int32 { seen = probe.argument(1, of: &specs) ?? 0; return 0 }
      """
    let spec = try ObjectSpec(bytes: Built.object(source), name: "probe")
    #expect(spec.maps.contains { $0.name == "__bpf_usdt_specs" } && !spec.maps.contains { $0.name == "specs" })
    let two = source.replacingOccurrences(
      of: "var seen", with: "var more = USDTSpecifications(maxEntries: 8)\nvar seen")
    let error = try #require(throws: CompileError.self) { try Built.object(two) }
    #expect("\(error)".contains("probe.bpf.swift:4: error: `more`: the object has such a map already"), "\(error)")
  }

  static let operations = """
    import BPFKernel
    let license = License.gpl
    var mine = StructOps.tcp_congestion_ops.Table(name: "mine")
    @section("struct_ops")
    func start(_ call: StructOps.tcp_congestion_ops.`init`) {}
    @section("struct_ops")
    func threshold(_ call: StructOps.tcp_congestion_ops.ssthresh) -> UInt32 { 2 }
    @section("struct_ops")
    func avoid(_ call: StructOps.tcp_congestion_ops.cong_avoid) {}
    @section("struct_ops")
    func undo(_ call: StructOps.tcp_congestion_ops.undo_cwnd) -> UInt32 { 2 }
    """

  @Test(.requires(.root)) func anOperationCalledInit() throws {
    let spec = try ObjectSpec(bytes: Built.object(Self.operations), name: "probe")
    let members = spec.maps.first { $0.name == "mine" }?.operations.map(\.member).sorted()
    #expect(members == ["cong_avoid", "init", "ssthresh", "undo_cwnd"])
    try BPFCollection(bytes: Built.object(Self.operations), name: "probe").load()
  }

  static let embedded = """
    import BPFKernel
    let license = License.gpl
    var inodes = ArrayMap<UInt64>(maxEntries: 2)
    func note(_ p: path, at i: UInt32) { inodes[i] = UInt64(p.dentry.d_inode.i_ino) }

    @section("tp_btf/sched_process_exec")
    func onExec(_ context: BTFTracepoint.sched_process_exec) -> Int32 {
      note(context.p.fs.pwd, at: 0)
      note(context.bprm.file.f_path, at: 1)
      return 0
    }
    """

  @Test(.requires(.root)) func aFunctionTakesAnEmbeddedStruct() throws {
    let collection = try BPFCollection(bytes: Built.object(Self.embedded), name: "probe")
    try collection.load()
    let link = try collection.program("onExec").attach()
    let file = URL(filePath: "/bin/true").resolvingSymlinksInPath().path
    let attributes = try FileManager.default.attributesOfItem(atPath: file)
    let inode = try #require(attributes[.systemFileNumber] as? Int)
    // Others execute programs meanwhile.
    #expect(
      try eventually {
        try Shell.check([file])
        let found = try collection.map("inodes").get([1, 0, 0, 0])
        return found == withUnsafeBytes(of: UInt64(inode)) { Array($0) }
      })
    try link.detach()
  }

  /// The name of a path by `bpf_d_path`, of a struct inside another.
  static let paths = """
    import BPFKernel
    let license = License.gpl
    var wanted: UInt64 = 0
    var name = ArrayMap<FixedString<128>>(maxEntries: 1)

    @section("iter/task_file")
    func onFile(_ context: Iterator.task_file) -> IteratorVerdict {
      let file = context.file
      if file.isNull || file.f_inode.i_ino != wanted { return .next }
      name.withValue(0) { $0.readPath(file.f_path) }
      return .next
    }
    """

  @Test(.requires(.root), .requires(kernel: "5.10")) func aPathIsReadInAnIterator() throws {
    try withTemporaryFolder { folder in
      let path = "\(folder)/opened"
      try "text".write(toFile: path, atomically: false, encoding: .utf8)
      let file = try #require(FileHandle(forReadingAtPath: path))
      let attributes = try FileManager.default.attributesOfItem(atPath: path)
      let collection = try BPFCollection(bytes: Built.object(Self.paths), name: "probe")
      try collection.setGlobal("wanted", to: UInt64(try #require(attributes[.systemFileNumber] as? Int)))
      try collection.load()
      let link = try collection.program("onFile").attach()
      _ = try link.output()
      let name = try #require(try collection.map("name").get([0, 0, 0, 0]))
      #expect(String(decoding: name.prefix { $0 != 0 }, as: UTF8.self) == Files.resolved(path))
      try link.detach()
      try file.close()
    }
  }

  /// TCP's options, which `CursorCheck` advises to read like this.
  static let options = """
    import BPFKernel
    let license = License.gpl
    struct Seen: BitwiseCopyable { var mss: UInt16; var scale: UInt8; var sack: UInt8; var count: UInt32 }
    var last = ArrayMap<Seen>(maxEntries: 1)

    @section("xdp")
    func options(_ ctx: XDPContext) -> XDPAction {
      var packet = ctx.packet
      guard let eth = packet.ethernet() else { return .pass }
      var proto = IPProtocol.tcp
      if eth.type == .ipv4 {
        guard let ip = packet.ipv4() else { return .pass }
        proto = ip.protocol
      } else { return .pass }
      guard proto == .tcp, let tcp = packet.read(TCPHeader.self), tcp.flags.contains(.syn) else { return .pass }
      var seen = Seen(mss: 0, scale: 255, sack: 0, count: 0)
      let length = Int(tcp.length) - 20
      var offset = 0
      forEach(from: 0, to: 40) { _ in
        let at = offset & 63
        if at >= length { return false }
        guard let kind = packet.peek(UInt8.self, at: at), kind != 0 else { return false }
        seen.count += 1
        if kind == 1 { offset = at + 1; return true }
        guard let length = packet.peek(UInt8.self, at: at + 1), length >= 2 else { return false }
        switch kind {
        case 2: seen.mss = packet.peek(BigEndian<UInt16>.self, at: at + 2)?.value ?? 0
        case 3: seen.scale = packet.peek(UInt8.self, at: at + 2) ?? 255
        case 4: seen.sack = 1
        default: break
        }
        offset = at + Int(length)
        return true
      }
      last[0] = seen
      return .pass
    }
    """

  @Test(.requires(.root), .requires(kernel: "6.4")) func optionsAreReadInALoop() throws {
    let collection = try BPFCollection(bytes: Built.object(Self.options), name: "probe")
    try collection.load()
    var packet = [UInt8](repeating: 0, count: 14) + [0x45] + [UInt8](repeating: 0, count: 19)
    (packet[12], packet[23]) = (8, 6)
    let options: [UInt8] = [2, 4, 0x05, 0xb4, 1, 3, 3, 7, 4, 2, 0, 0]
    packet +=
      [UInt8](repeating: 0, count: 12) + [UInt8((20 + options.count) / 4) << 4, 2] + [0, 0, 0, 0, 0, 0] + options
    _ = try collection.program("options").testRun(data: packet)
    #expect(try collection.map("last").get([0, 0, 0, 0]) == [0xb4, 0x05, 7, 1, 4, 0, 0, 0])
  }

  static let address = """
    import BPFKernel
    let license = License.gpl
    var seen: UInt64 = 0
    @section("lsm/file_open")
    func onOpen(_ context: LSM.file_open) -> LSMVerdict {
      seen = UInt64(UInt(bitPattern: context.file.pointer + file.offset.f_path))
      if UInt(bitPattern: context.file.f_path.pointer) == UInt(seen) { return .allow }
      return .deny
    }
    """

  @Test func theAddressOfAnEmbeddedStruct() throws {
    let spec = try ObjectSpec(bytes: Built.object(Self.address), name: "probe")
    #expect(spec.programs.count == 1)
  }
}
