// SPDX-License-Identifier: Apache-2.0
import BPFBytecode
import Foundation
import TestSupport

/// What libbpf makes of an object, by `Tests/Peers/dump.c`.
struct Peer: Sendable {
  struct MapLine: Equatable, Sendable, CustomStringConvertible {
    var name: String
    /// Type, key size, value size, entries, flags, extra, NUMA node.
    var numbers: [UInt64]
    var description: String { "\(name) \(numbers)" }
  }

  struct ProgramLines: Sendable {
    var name: String
    var section: String
    var type: UInt32
    var attachType: UInt32
    var flags: UInt32
    /// Attach type, flags and the type that the program attaches to, as it would be loaded; nil where libbpf gives up before.
    var loaded: [UInt32]?
    /// The number and a hash of the records of functions, and of lines.
    var records: [String]
    /// The immediate of an instruction that refers to a map is 0.
    var instructions: [Instruction] = []
    /// By instruction: the map that it refers to.
    var maps: [Int: String] = [:]
  }

  var maps: [MapLine] = []
  var programs: [String: ProgramLines] = [:]
  /// Why libbpf would not prepare a program; under "-" for the whole object.
  var refusals: [String: String] = [:]

  /// The objects of a Debian package, as `Tests/Peers/extract` copied them.
  static func objects(of package: String) -> [String] {
    let folder = "\(Peers.folder)/objects/\(package)"
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.filter { $0.hasSuffix(".o") }.sorted().map { "\(folder)/\($0)" }
  }

  /// The types of arm64 kernels, as BTF files.
  static let arm64Kernels: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: Peers.folder)) ?? []
    return names.filter { $0.hasPrefix("arm64-") && $0.hasSuffix(".btf") }.sorted()
  }()

  static let hasArm64Kernels = Requirement("no types of arm64 kernels: Tests/Peers/setup fetches them") {
    !arm64Kernels.isEmpty
  }

  /// Asks libbpf about an object.
  ///
  /// - Parameter types: the file with the types of the kernel to relocate against; nil for the one that runs.
  init(object path: String, types: String? = nil) throws {
    var current: ProgramLines?
    let command = ["\(Peers.folder)/libbpf-dump", path] + (types.map { [$0] } ?? [])
    for line in try Shell.check(command).split(separator: "\n") {
      let fields = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
      switch (fields.first ?? "", fields.count) {
      case ("map", 9):
        maps.append(MapLine(name: fields[1], numbers: fields[2...].compactMap(UInt64.init)))
      case ("program", 8):
        if let current { programs[current.name] = current }
        current = ProgramLines(
          name: fields[1], section: fields[2], type: UInt32(fields[3]) ?? 0, attachType: UInt32(fields[4]) ?? 0,
          flags: UInt32(fields[5]) ?? 0, records: Array(fields[6...]))
      case ("insn", 3):
        guard let word = UInt64(fields[1], radix: 16)?.byteSwapped else { throw Malformed(line: String(line)) }
        let bytes = withUnsafeBytes(of: word.littleEndian) { Array($0) }
        let instruction = try bytes.withUnsafeBytes { try Instruction.decode($0)[0] }
        let index = current?.instructions.count ?? 0
        if fields[2] != "-" { current?.maps[index] = fields[2] }
        current?.instructions.append(instruction)
      case ("load", 5):
        if let last = current, last.name != fields[1] {
          programs[last.name] = last
          current = nil
        }
        let numbers = fields[2...].compactMap(UInt32.init)
        if current == nil { programs[fields[1]]?.loaded = numbers } else { current?.loaded = numbers }
      case ("refused", 4):
        refusals[fields[1]] = fields[3]
      default: throw Malformed(line: String(line))
      }
    }
    if let current { programs[current.name] = current }
  }

  struct Malformed: Error { var line: String }
}
