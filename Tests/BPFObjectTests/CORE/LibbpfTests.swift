// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BTF
import Foundation
import TestObjects
import TestSupport
import Testing

/// Each relocation of the corpus against what libbpf makes of it, as told by bpftool's debug output.
@Suite(.requires(.root), .requires(.kernelBTF), .requires(.command("bpftool")))
struct LibbpfTests {
  /// What libbpf did to an instruction.
  enum Change: Hashable {
    case value(Int64)
    case size(Int)
    case poison
  }

  struct Place: Hashable {
    var program: String
    var instruction: Int
  }

  static let objects = Corpus.all.filter { $0.name.hasPrefix("core_") }

  @Test(arguments: objects)
  func agrees(object: Corpus.Entry) throws {
    let bytes = Self.withoutOptionalSections(object.bytes)
    let theirs = try Self.changes(by: bytes)
    let relocations = try ObjectRelocations(bytes)
    var linker = CORELinker(local: relocations.types, target: try KernelBTF.types.get(), modules: KernelBTF.modules)
    var compared = 0
    for var function in relocations.functions {
      let before = function.instructions
      let results = try linker.relocate(&function.instructions, function.records, program: function.name)
      #expect(results.count == function.records.count)
      for result in results {
        let changes = theirs[Place(program: function.name, instruction: result.instruction)] ?? []
        let (old, new) = (before[result.instruction], function.instructions[result.instruction])
        switch result.outcome {
        case .poisoned:
          #expect(changes == [.poison], "\(result)")
          #expect(new == CORELinker.poison)
          if old.isWide { #expect(function.instructions[result.instruction + 1] == CORELinker.poison) }
        case .patched(_, let value):
          var expected: Set<Change> = [.value(Int64(bitPattern: value))]
          if old.opcode.size != new.opcode.size { expected.insert(.size(new.opcode.size.byteCount)) }
          #expect(changes == expected, "\(result)")
        }
        compared += 1
      }
      // Nothing but what a record names has changed.
      let named = Set(results.map(\.instruction))
      for index in before.indices
      where !named.contains(index) && !(named.contains(index - 1) && before[index - 1].isWide) {
        #expect(before[index] == function.instructions[index])
      }
    }
    #expect(compared > 0)
  }

  @Test func corpusHasEveryKind() throws {
    var kinds: Set<COREKind> = []
    for object in Self.objects {
      for function in try ObjectRelocations(object.bytes).functions {
        kinds.formUnion(function.records.map(\.record.kind))
      }
    }
    #expect(kinds == Set(COREKind.allCases))
  }

  /// libbpf leaves programs in sections like "?raw_tp/sys_exit" alone, unless asked. Without the mark it does them too.
  private static func withoutOptionalSections(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    for type in ["raw_tp/", "tp_btf/"] {
      let marked = Array("?\(type)".utf8)
      for index in 0..<bytes.count - marked.count where bytes[index...].starts(with: marked) {
        bytes[index] = UInt8(ascii: "_")
      }
    }
    return bytes
  }

  private static func changes(by object: [UInt8]) throws -> [Place: Set<Change>] {
    let file = NSTemporaryDirectory() + "merops-\(UUID().uuidString).bpf.o"
    try Data(object).write(to: URL(fileURLWithPath: file))
    defer { unlink(file) }
    // The path to pin at does not exist, so that nothing stays loaded.
    let log = try Shell.run(["bpftool", "-d", "prog", "load", file, "/sys/fs/bpf/no/such/directory", "type", "raw_tp"])
      .output
    var changes: [Place: Set<Change>] = [:]
    for line in log.split(separator: "\n") {
      guard let prefix = line.firstMatch(of: /prog '([^']+)': relo #\d+: (.*)/) else { continue }
      let (program, text) = (String(prefix.1), prefix.2)
      func note(_ instruction: Substring, _ change: Change) {
        changes[Place(program: program, instruction: Int(instruction) ?? -1), default: []].insert(change)
      }
      if let match = text.firstMatch(of: /patched insn #(\d+) \(.*\) mem_sz \d+ -> (\d+)/) {
        note(match.1, .size(Int(match.2) ?? -1))
      } else if let match = text.firstMatch(of: /patched insn #(\d+) \(.*\) \w+ \d+ -> (\d+)/) {
        note(match.1, .value(Int64(bitPattern: UInt64(match.2) ?? 0)))
      } else if let match = text.firstMatch(of: /substituting insn #(\d+)/) {
        note(match.1, .poison)
      }
    }
    return changes
  }
}
