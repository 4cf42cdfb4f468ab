// SPDX-License-Identifier: Apache-2.0

import BPF
import BPFBytecode
import BPFCompiler
import BPFELF
import BPFObject
import BTF
import Foundation
import TestSupport
import Testing

/// The object as a whole: sections, names, lines, globals, licences, instruction sets.
@Suite struct ObjectTests {
  static let source = """
    import BPFKernel

    let license = License.dualBSDGPL
    struct Event { var address: UInt32; var length: UInt16 }
    var counts = HashMap<UInt32, UInt64>(maxEntries: 64)
    var events = RingBuffer<Event>(bytes: 4096)
    @section(".rodata") var limit: UInt32 = 100
    @section(".rodata") var isQuiet = false
    var packets: UInt64 = 0
    var first: UInt32 = 7
    var table: InlineArray<3, UInt16> = [1, 2, 3]
    let threshold: UInt32 = 60

    @inline(never)
    func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
      var sum = a
      for _ in 0..<8 { sum = sum &* 31 &+ b }
      return sum
    }

    struct Summary { var low: UInt64; var high: UInt64 }
    func summarise<T: FixedWidthInteger>(_ value: T) -> Summary {
      Summary(low: UInt64(truncatingIfNeeded: value), high: mix(UInt64(truncatingIfNeeded: value), 3))
    }

    @section("xdp")
    func filter(_ context: XDPContext) -> XDPAction {
      packets += 1
      let summary = summarise(context.length)
      counts.add(1, to: context.interfaceIndex)
      if context.length > limit, !isQuiet {
        events.send { $0 = Event(address: UInt32(truncatingIfNeeded: summary.high), length: 1) }
      }
      table[1] += 1
      first = UInt32(truncatingIfNeeded: mix(summary.low, 4))
      return context.length < threshold ? .drop : .pass
    }

    @section("tcx/ingress")
    func classify(_ packet: SocketBuffer) -> TrafficAction {
      counts.add(1, to: 0)
      return .pass
    }
    """

  private func file() throws -> ELFFile { try ELFFile(bytes: try Built.object(Self.source)) }
  private func spec() throws -> ObjectSpec { try ObjectSpec(bytes: try Built.object(Self.source), name: "probe") }

  @Test func onlySectionsThatALoaderReads() throws {
    let known: Set<String> = [
      "", ".text", "xdp", "tcx/ingress", "license", ".maps", ".rodata", ".bss", ".data", ".BTF", ".BTF.ext", ".symtab",
      ".strtab", ".relxdp", ".reltcx/ingress", ".rel.text", ".rel.BTF", ".rel.BTF.ext", ".shstrtab",
    ]
    let names = try file().sections.map(\.name)
    #expect(Set(names).subtracting(known) == [])
    #expect(
      Set(["xdp", "tcx/ingress", ".text", "license", ".maps", ".rodata", ".bss", ".data"]).subtracting(names) == [])
  }

  @Test func noMangledName() throws {
    let object = try Built.object(Self.source)
    for marker in ["$s", "$e", "@$", "swift_", "_swift", "Swift", "riscv", "/tmp", Checkout.root] {
      let bytes = Array(marker.utf8)
      let found = object.indices.dropLast(bytes.count).first { object[$0...].starts(with: bytes) }
      #expect(found == nil, "\(marker) at \(found ?? 0)")
    }
    #expect(try Set(file().symbols.filter { $0.type == .function }.map(\.name)) == ["filter", "classify", "mix"])
  }

  @Test func everyProgramAndItsSection() throws {
    let spec = try spec()
    #expect(spec.license == "Dual BSD/GPL")
    #expect(spec.programs.map(\.name).sorted() == ["classify", "filter"])
    #expect(spec[program: "filter"]?.type == .xdp)
    #expect(spec[program: "classify"]?.attachType == .tcxIngress)
  }

  @Test(arguments: [
    ("gpl", "GPL"), ("gplV2", "GPL v2"), ("gplAndAdditionalRights", "GPL and additional rights"),
    ("dualBSDGPL", "Dual BSD/GPL"), ("dualMITGPL", "Dual MIT/GPL"), ("dualMPLGPL", "Dual MPL/GPL"),
    ("proprietary", "Proprietary"),
  ])
  func licence(name: String, text: String) throws {
    let source = probe("").replacingOccurrences(of: "License.gpl", with: "License.\(name)")
    #expect(try ObjectSpec(bytes: try Built.object(source), name: "probe").license == text)
  }

  @Test func globals() throws {
    let spec = try spec()
    func variables(_ section: String) -> [String: Int] {
      let map = spec.maps.first { $0.sectionName == section }
      return Dictionary((map?.variables ?? []).map { ($0.name, $0.size) }, uniquingKeysWith: { first, _ in first })
    }
    #expect(variables(".rodata") == ["limit": 4, "isQuiet": 1])
    #expect(variables(".bss") == ["packets": 8])
    #expect(variables(".data") == ["first": 4, "table": 6])
  }

  @Test func tunablesAreRead() throws {
    // Whatever the initial value: the compiler may not put it in place of a load.
    let text = try Built.text(Self.source, stage: .assembly)
    #expect(text.contains("limit.tunable ll") && text.contains("isQuiet.tunable ll"))
  }

  @Test func everyLineIsTheAuthors() throws {
    let file = try file()
    let types = try #require(try spec().types)
    let section = try #require(file.section(named: ".BTF.ext"))
    let lines = Self.source.components(separatedBy: "\n")
    let ext = try BTFExt(bytes: Array(file.bytes(of: section)))
    var total = 0
    for (_, records) in ext.lineInfo {
      for record in records {
        total += 1
        #expect(types.string(at: record.fileName)?.hasSuffix("probe.bpf.swift") ?? false)
        #expect(lines.indices.contains(record.lineNumber - 1))
        // The text that the verifier will quote.
        #expect(types.string(at: record.line) == lines[record.lineNumber - 1])
      }
    }
    #expect(total > 20)
  }

  @Test func functionsAreNamed() throws {
    let file = try file()
    let types = try #require(try spec().types)
    let section = try #require(file.section(named: ".BTF.ext"))
    let ext = try BTFExt(bytes: Array(file.bytes(of: section)))
    let names = ext.functionInfo.values.flatMap { $0 }.map { types.name($0.type) }
    #expect(Set(names) == ["filter", "classify", "mix"])
    #expect(names.count == 3)
  }

  @Test func sameBytesWhereverItIsBuilt() throws {
    var objects: [[UInt8]] = []
    for folder in ["a", "a much longer name of a folder/with/parts"] {
      try withTemporaryFolder(folder) { root in
        try FileManager.default.createDirectory(atPath: "\(root)/bpf", withIntermediateDirectories: true)
        try Self.source.write(toFile: "\(root)/bpf/probe.bpf.swift", atomically: true, encoding: .utf8)
        objects.append(try Checkout.compiler().compile("\(root)/bpf/probe.bpf.swift", root: root))
      }
    }
    #expect(objects[0] == objects[1])
    let text = String(decoding: objects[0], as: Unicode.ASCII.self)
    #expect(text.contains("bpf/probe.bpf.swift"))
  }

  @Test(arguments: ["v1", "v2", "v3", "v4"]) func instructionSet(_ cpu: String) throws {
    let object = try Built.object(Self.source, cpu: cpu)
    let spec = try ObjectSpec(bytes: object, name: "probe")
    #expect(spec.programs.count == 2)
    if geteuid() == 0 {
      let report = try BPFCollection(bytes: object, name: "probe").verify()
      #expect(report.programs.count == 2)
    }
  }

  @Test(.requires(.root), .requires(kernel: "5.12")) func atomicsThatFetch() throws {
    let body = """
      guard atomicFetchAdd(2, to: &large) == 5 else { return .aborted }
      guard atomicCompareExchange(9, in: &small, expecting: 0) == 0 else { return .aborted }
      guard atomicExchange(1, in: &large) == 7 else { return .aborted }
      guard atomicFetchOr(6, in: &large) == 1, atomicFetchAnd(3, in: &large) == 7 else { return .aborted }
      atomicFetchAdd(1, to: &small)
      """
    let source = probe("var large: UInt64 = 5\nvar small: UInt32 = 0", body: body)
    let collection = try BPFCollection(bytes: try Built.object(source, cpu: "v3"), name: "probe")
    try collection.load()
    #expect(try collection.program("filter").testRun(data: [UInt8](repeating: 0, count: 64)).returnValue == 2)
    #expect(try collection.global("large") as UInt64 == 3)
    #expect(try collection.global("small") as UInt32 == 10)
  }

  @Test(.requires(.root)) func theKernelLoadsIt() throws {
    let report = try BPFCollection(bytes: try Built.object(Self.source), name: "probe").verify()
    let filter = try #require(report.programs.first { $0.name == "filter" })
    // A subprogram of its own: two frames.
    #expect(filter.stackDepths.count == 2)
  }

  @Test(arguments: ProbeCompiler.Stage.allCases) func stages(_ stage: ProbeCompiler.Stage) throws {
    let bytes = try Built.object(Self.source, stage: stage)
    switch stage {
    case .object: #expect(bytes.starts(with: [0x7f, 0x45, 0x4c, 0x46]))
    case .assembly: #expect(String(decoding: bytes, as: UTF8.self).contains("exit"))
    case .ir: #expect(String(decoding: bytes, as: UTF8.self).contains("target triple = \"bpfel\""))
    case .swiftIR: #expect(String(decoding: bytes, as: UTF8.self).contains("riscv64"))
    }
  }
}
