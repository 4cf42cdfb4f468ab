// SPDX-License-Identifier: Apache-2.0
import BPF
import BPFBytecode
import BPFObject
import Foundation
import SwiftObjects
import TestObjects
import TestSupport
import Testing

/// Our instructions against libbpf's, one by one, for whatever object there is.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.peers)) struct PeerTests {
  @Test(arguments: Corpus.all) func corpus(_ entry: Corpus.Entry) throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "merops-peer-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appending(path: "\(entry.name).bpf.o").path
    try Data(entry.bytes).write(to: URL(filePath: path))
    let compared = try Comparison(path: path).run()
    let isIncomparable = ["legacy_maps", "freplace", "half_described", "sections_unknown"].contains(entry.name)
    #expect(compared > 0 || isIncomparable)
    if ["globals", "tc", "xdp"].contains(entry.name) {
      #expect(try Peer(object: path).programs.values.allSatisfy { $0.loaded != nil })
    }
  }

  /// Kernel programs that were written in Swift are objects like any other.
  @Test(arguments: SwiftCorpus.all.map(\.name)) func swift(_ name: String) throws {
    let path = FileManager.default.temporaryDirectory.path + "/merops-peer-\(UUID().uuidString).bpf.o"
    try Data(try #require(SwiftCorpus[name])).write(to: URL(filePath: path))
    defer { unlink(path) }
    #expect(try Comparison(path: path).run() > 0)
  }

  /// The same objects, relocated here for arm64: each instruction is what libbpf makes of it with that kernel's types.
  @Test(.requires(Peer.hasArm64Kernels), arguments: Peer.arm64Kernels) func arm64(_ kernel: String) throws {
    var objects: [(name: String, bytes: [UInt8])] = SwiftCorpus.all.map { ($0.name, $0.bytes()) }
    objects += Corpus.all.map { ($0.name, $0.bytes) }
    var compared = 0
    for (name, bytes) in objects {
      let path = FileManager.default.temporaryDirectory.path + "/merops-peer-\(UUID().uuidString)"
      try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(atPath: path) }
      try Data(bytes).write(to: URL(filePath: "\(path)/\(name).bpf.o"))
      compared += try Comparison(path: "\(path)/\(name).bpf.o", types: "\(Peers.folder)/\(kernel)").run()
    }
    #expect(compared > 150)
  }

  /// Objects that others wrote and compiled. Some are refused by both: they need what this kernel is built without.
  @Test(arguments: Debian.packages) func debian(_ package: Debian.Package) throws {
    let objects = Peer.objects(of: package.name)
    if objects.isEmpty { try Test.cancel("Debian's package \(package.name) could not be fetched") }
    #expect(objects.count >= package.objects)
    let compared = try objects.reduce(0) { try $0 + Comparison(path: $1).run() }
    #expect(compared >= package.programs)
  }
}

/// The packages whose objects `Tests/Peers/setup` copies.
enum Debian {
  struct Package: Sendable, CustomTestStringConvertible {
    var name: String
    /// How many objects it has at least, and how many of their programs every kernel with types can prepare.
    var objects: Int
    var programs: Int
    var testDescription: String { name }
  }

  static let packages: [Package] = [
    ("bpfilter", 4, 0), ("bpftop", 1, 0), ("ir-keytable", 9, 0), ("libbpf-tools", 50, 300), ("libbpftune0", 30, 15),
    ("libknot15", 1, 1), ("libsystemd-shared", 5, 15), ("libxdp1", 15, 15), ("mimic", 1, 0), ("nsd", 1, 2),
    ("opensnitch-ebpf-modules", 3, 0), ("rtc-testbench", 7, 7), ("suricata", 6, 2), ("udev-hid-bpf", 50, 0),
    ("xdp-tests", 12, 14), ("xdp-tools", 16, 75),
  ].map { Package(name: $0.0, objects: $0.1, programs: $0.2) }
}

/// One object, as libbpf and as we prepare it.
private struct Comparison {
  let path: String
  let types: String?
  let peer: Peer

  /// What libbpf refuses and we accept, on purpose: libbpf's words for it, and why.
  static let more: [String: String] = [
    "legacy map definitions": "libbpf 1.0 dropped maps that are not BTF-defined",
    "failed to create":
      "libbpf creates the maps before it prepares programs, and this one lacks what its own loader sets",
  ]

  /// The same for single programs.
  static let moreOfPrograms: [String: String] = [
    "half_described": "libbpf refuses subprograms without function records, we leave out those that there are"
  ]

  private static func isMore(_ refusal: String?) -> Bool { more.keys.contains { refusal?.contains($0) ?? false } }

  init(path: String, types: String? = nil) throws {
    self.path = path
    self.types = types
    peer = try Peer(object: path, types: types)
  }

  private func collection() throws -> BPFCollection {
    var options = LoadOptions()
    options.kernelTypesPath = types
    return try BPFCollection(path: path, options: options)
  }

  private var name: String { String(path.split(separator: "/").last?.prefix { $0 != "." } ?? "") }

  /// - Returns: how many programs were compared, instruction by instruction.
  @discardableResult
  func run() throws -> Int {
    let spec: ObjectSpec
    do {
      spec = try collection().spec
    } catch {
      #expect(peer.refusals["-"] != nil, "\(name): \(error)")
      return 0
    }
    if let refusal = peer.refusals["-"] {
      #expect(Self.isMore(refusal), "\(name): libbpf refuses the object: \(refusal)")
      return 0
    }
    maps(spec)
    let prepared = try preparedTogether()
    let compared = try spec.programs.filter { try compare($0, prepared[$0.name]) }.count
    let ours = Set(spec.programs.map(\.name))
    let theirs = Set(peer.programs.keys).union(peer.refusals.keys)
    #expect(ours == theirs, "\(name): the programs themselves")
    return compared
  }

  private func maps(_ spec: ObjectSpec) {
    let ours = spec.maps.map { map in
      Peer.MapLine(
        name: map.name,
        numbers: [
          UInt64(map.type.rawValue), UInt64(map.keySize), UInt64(map.valueSize), UInt64(map.maxEntries),
          UInt64(map.flags.rawValue), map.extra, UInt64(map.numaNode),
        ])
    }
    // The order is ours: descriptors are not compared, names are. Sizes that libbpf sets only when it creates the map
    // (rings to pages, perf buffers to CPUs) are compared by what is loaded.
    for map in ours {
      guard let theirs = peer.maps.first(where: { $0.name == map.name }) else {
        Issue.record("\(name): libbpf has no map \(map.name), but \(peer.maps.map(\.name))")
        continue
      }
      #expect(map == theirs, "\(name)")
    }
    #expect(ours.count == peer.maps.count, "\(name): ours \(ours), libbpf's \(peer.maps)")
  }

  /// What libbpf prepares, by name, unless one program keeps all others from being prepared.
  private func preparedTogether() throws -> [String: PreparedProgram] {
    let collection = try collection()
    try collection.select(programs: collection.spec.programs.map(\.name).filter { peer.programs[$0] != nil })
    guard let all = try? collection.preparedPrograms() else { return [:] }
    return Dictionary(all.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
  }

  /// - Returns: whether there were instructions to compare.
  private func compare(_ program: ProgramSpec, _ prepared: PreparedProgram?) throws -> Bool {
    let collection = try collection()
    let ours: PreparedProgram
    do {
      ours = try prepared ?? prepare(program, collection)
    } catch {
      // A program of no type stops us at once and libbpf at the load; so does a replacement of nobody knows what.
      let stopsBoth = program.type == .unspecified || program.type == .ext
      #expect(stopsBoth || peer.refusals[program.name] != nil, "\(name): \(program.name): \(error)")
      return false
    }
    guard let theirs = peer.programs[program.name] else {
      if Self.moreOfPrograms[name] != nil { return false }
      let refusal = peer.refusals[program.name]
      #expect(Self.isMore(refusal), "\(name): libbpf refuses \(program.name): \(refusal ?? "?")")
      return false
    }
    #expect(program.sectionName == theirs.section || "?" + program.sectionName == theirs.section)
    same(ours, theirs, collection.spec.maps.map(\.name))
    return true
  }

  private func prepare(_ program: ProgramSpec, _ collection: BPFCollection) throws -> PreparedProgram {
    if program.type != .structOps { try collection.select(programs: [program.name]) }
    func prepared() throws -> PreparedProgram {
      let all = try collection.preparedPrograms()
      return try #require(all.first { $0.name == program.name }, "\(name): \(program.name) is not prepared")
    }
    do {
      return try prepared()
    } catch let error as BPFError where program.type == .tracing && error.code == .notFound {
      // libbpf looks for what a program attaches to only when it loads; the instructions do not depend on it.
      try collection.setAttachTarget(of: program.name, to: "vfs_getattr")
      return try prepared()
    }
  }

  private func same(_ ours: PreparedProgram, _ theirs: Peer.ProgramLines, _ maps: [String]) {
    var code = ours.instructions
    var references: [Int: String] = [:]
    for index in code.indices where code[index].isWide {
      let source = code[index].source.rawValue
      guard source == PseudoSource.mapFD || source == PseudoSource.mapValue else { continue }
      let number = Int(code[index].immediate) - 1000  // preparedPrograms' stand-ins
      references[index] = maps.indices.contains(number) ? maps[number] : "?"
      code[index].immediate = 0
    }
    let place = "\(name): \(ours.name)"
    #expect(ours.type.rawValue == theirs.type, "\(place): type")
    // What follows from the section alone, and what the program attaches to, libbpf adds when it loads.
    if let loaded = theirs.loaded {
      #expect(
        [ours.attachType?.rawValue ?? 0, ours.flags.rawValue, ours.attachTypeID.rawValue] == loaded,
        "\(place): attach type, flags, type to attach to")
    } else {
      let isUSDT = theirs.section.drop { $0 == "?" }.hasPrefix("usdt")
      #expect(isUSDT || ours.attachType?.rawValue ?? 0 == theirs.attachType, "\(place): attach type")
      #expect(ours.flags.subtracting([.sleepable, .xdpFragments]).rawValue == theirs.flags, "\(place): flags")
    }
    let functions = ours.functions.map { [UInt32($0.instruction), $0.type.rawValue] }
    let lines = ours.lines.map { [UInt32($0.instruction), $0.line.fileName, $0.line.line, $0.line.lineColumn] }
    #expect(
      [Self.digest(functions), Self.digest(lines)] == theirs.records,
      "\(place): records of functions and lines")
    #expect(code.count == theirs.instructions.count, "\(place): number of instructions")
    for (index, (our, their)) in zip(code, theirs.instructions).enumerated() where our != their {
      Issue.record("\(place): instruction \(index): ours \(our), libbpf's \(their)")
      break
    }
    #expect(references == theirs.maps, "\(place): maps referred to")
  }

  /// As `libbpf-dump` shows records: their number and FNV-1a.
  private static func digest(_ records: [[UInt32]]) -> String {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for word in records.joined() {
      for shift in [0, 8, 16, 24] as [UInt32] { hash = (hash ^ UInt64(word >> shift & 0xff)) &* 0x100_0000_01b3 }
    }
    let digits = String(hash, radix: 16)
    return "\(records.count):" + String(repeating: "0", count: 16 - digits.count) + digits
  }
}
