// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF

/// The member of a kernel struct that a struct_ops program implements.
struct StructOpsMember {
  var type: KernelTypes.Match
  var index: UInt32
}

extension LoadSession {
  /// Converts the values of struct_ops maps to the kernel's layout, and settles which of their programs are loaded.
  static func layOut(_ spec: inout ObjectSpec) throws(BPFError) -> [Int: StructOpsLayout] {
    var layouts: [Int: StructOpsLayout] = [:]
    var used: Set<String> = []
    var named: Set<String> = []
    for (index, map) in spec.maps.enumerated() where map.section == .structOps {
      named.formUnion(map.operations.map(\.program))
      guard map.autocreate, let types = spec.types, let type = map.valueType, case .bytes(let bytes) = map.contents
      else {
        continue
      }
      let programs = Dictionary(map.operations.map { ($0.offset, $0.program) }, uniquingKeysWith: { first, _ in first })
      let layout = try StructOpsLayout(
        name: map.name, local: types, type: type, bytes: bytes, programs: programs, kernel: try KernelTypes.current())
      used.formUnion(layout.slots.map(\.program))
      layouts[index] = layout
    }
    for index in spec.programs.indices where named.contains(spec.programs[index].name) {
      spec.programs[index].autoload = used.contains(spec.programs[index].name)
    }
    return layouts
  }

  /// What each struct_ops program implements. Several maps may share one, if they use it for the same member.
  static func operations(_ layouts: [Int: StructOpsLayout]) throws(BPFError) -> [String: StructOpsMember] {
    var operations: [String: StructOpsMember] = [:]
    for (_, layout) in layouts.sorted(by: { $0.key < $1.key }) {
      for slot in layout.slots {
        let member = StructOpsMember(type: layout.kernelType, index: slot.member)
        if let other = operations[slot.program], other.index != member.index || other.type.id != member.type.id {
          throw BPFError(
            .object, "preparing program \(slot.program)", detail: "it stands for two different members",
            hint: "the kernel verifies a program for one member of one struct: write it twice")
        }
        operations[slot.program] = member
      }
    }
    return operations
  }

  /// A struct_ops value with the programs' descriptors in place.
  func value(of layout: StructOpsLayout) throws(BPFError) -> [UInt8] {
    var value = layout.value
    for slot in layout.slots {
      guard let program = loaded.programs.first(where: { $0.name == slot.program }) else {
        throw BPFError(.object, "preparing a struct_ops map", detail: "program \(slot.program) is not loaded")
      }
      let bytes = withUnsafeBytes(of: UInt64(program.fd).littleEndian) { Array($0) }
      value.replaceSubrange(slot.offset..<slot.offset + 8, with: bytes)
    }
    return value
  }
}
