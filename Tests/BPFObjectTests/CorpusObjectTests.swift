// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFELF
import BPFObject
import BTF
import TestObjects
import Testing

/// What must hold of every object that the corpus has.
@Suite struct CorpusObjectTests {
  @Test(arguments: Corpus.all)
  func opensAndLinks(_ entry: Corpus.Entry) throws {
    let object = try ObjectSpec(bytes: entry.bytes, name: entry.name)
    #expect(!object.programs.isEmpty)
    for program in object.programs {
      let linked = try program.linked()
      #expect(linked.instructions.count >= program.instructionCount)
      try checkReferences(linked, object)
      try checkCalls(linked, program.name)
      #expect(linked.core.allSatisfy { linked.instructions.indices.contains($0.instruction) })
      #expect(linked.functions.first.map { $0.instruction == 0 } ?? true)
      #expect(isAscending(linked.references.map(\.instruction)))
      #expect(isAscending(linked.functions.map(\.instruction)))
    }
    for map in object.maps where map.section.isData { try checkVariables(map, object) }
  }

  /// Each reference names something that exists, and the instruction has the form that the loader completes.
  private func checkReferences(_ linked: LinkedProgram, _ object: ObjectSpec) throws {
    for reference in linked.references {
      let instruction = linked.instructions[reference.instruction]
      switch reference.target {
      case .map(let index):
        #expect(object.maps.indices.contains(index))
        #expect(instruction.isWide && instruction.source.rawValue == PseudoSource.mapFD)
        #expect(instruction.immediate == 0)
      case .mapValue(let index, let offset):
        #expect(object.maps.indices.contains(index))
        #expect(offset <= object.maps[index].valueSize || object.maps[index].type == .arena)
        #expect(instruction.isWide && instruction.source.rawValue == PseudoSource.mapValue)
        #expect(linked.instructions[reference.instruction + 1].immediate == Int32(offset))
      case .extern(let index):
        #expect(object.externs.indices.contains(index))
        #expect(instruction.isWide || instruction.isKfuncCall)
      case .jumpTable(let slots):
        #expect(slots.allSatisfy { $0 < linked.instructions.count })
      }
    }
  }

  /// Each call of a subprogram goes to the start of a function that func info knows.
  private func checkCalls(_ linked: LinkedProgram, _ name: String) throws {
    let starts = Set(linked.functions.map(\.instruction))
    for (index, instruction) in linked.instructions.enumerated()
    where instruction.isSubprogramCall || instruction.isFunctionAddress {
      let target = index + 1 + Int(instruction.immediate)
      #expect(linked.instructions.indices.contains(target), "\(name): \(index)")
      if !starts.isEmpty { #expect(starts.contains(target), "\(name): \(index) -> \(target)") }
    }
  }

  private func checkVariables(_ map: MapSpec, _ object: ObjectSpec) throws {
    var end = 0
    for variable in map.variables {
      #expect(variable.offset >= end, "\(map.name) \(variable.name)")
      end = variable.offset + variable.size
      if let type = variable.type, let types = object.types {
        #expect(try types.size(of: type) == variable.size, "\(map.name) \(variable.name)")
      }
    }
    #expect(end <= map.valueSize)
    if case .bytes(let bytes) = map.contents { #expect(bytes.count == map.valueSize) }
    if let type = map.valueType, let types = object.types { #expect(try types.size(of: type) == map.valueSize) }
  }

  private func isAscending(_ values: [Int]) -> Bool { zip(values, values.dropFirst()).allSatisfy { $0 < $1 } }
}
