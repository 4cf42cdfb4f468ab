// SPDX-License-Identifier: Apache-2.0

import BTF
import BTFCoding

/// Members of a map's value that are the kernel's own business: locks, timers, lists. It does not show them to user
/// space (they read as zero) and does not let it write them, so they are left out of what is shown.
struct HiddenFields: Sendable {
  private let types: BTFTypes
  private let root: TypeID

  /// Source: include/linux/bpf.h, enum btf_field_type, and btf.c's names for them.
  private static let special: Set<String> = [
    "bpf_spin_lock", "bpf_res_spin_lock", "bpf_timer", "bpf_wq", "bpf_task_work", "bpf_list_head", "bpf_list_node",
    "bpf_rb_root", "bpf_rb_node", "bpf_refcount",
  ]

  /// - Returns: nil when the type has no such member.
  init?(_ types: BTFTypes, _ root: TypeID) {
    self.types = types
    self.root = root
    guard Self.special.contains(where: { types.id(named: $0, kind: .structure) != nil }) else { return nil }
  }

  /// The value without them.
  func removed(from value: BTFValue) -> BTFValue { strip(value, root, depth: 0) }

  private func strip(_ value: BTFValue, _ type: TypeID, depth: Int) -> BTFValue {
    guard depth < 32, let plain = try? types.resolved(type), let kind = types.kind(plain) else { return value }
    switch (kind, value) {
    case (.array, .array(let elements)):
      guard case .array(let array)? = try? types.type(plain) else { return value }
      return .array(elements.map { strip($0, array.element, depth: depth + 1) })
    case (.structure, .structure(var fields)), (.union, .structure(var fields)):
      strip(&fields, plain, depth: depth)
      return .structure(fields)
    case (.dataSection, .structure(let fields)):
      guard case .dataSection(let section)? = try? types.type(plain) else { return value }
      var result = fields
      for entry in section.entries {
        guard case .variable(let variable)? = try? types.type(entry.type) else { continue }
        strip(&result, variable.name, variable.type, depth: depth)
      }
      return .structure(result)
    default: return value
    }
  }

  /// Goes by names: a structure's value also has the members of its unnamed structures.
  private func strip(_ fields: inout [BTFValue.Field], _ type: TypeID, depth: Int) {
    guard depth < 32, let decoded = try? types.type(type) else { return }
    switch decoded {
    case .structure(let composite), .union(let composite):
      for member in composite.members {
        if member.name.isEmpty {
          if let plain = try? types.resolved(member.type) { strip(&fields, plain, depth: depth + 1) }
        } else {
          strip(&fields, member.name, member.type, depth: depth)
        }
      }
    default: break
    }
  }

  private func strip(_ fields: inout [BTFValue.Field], _ name: String, _ type: TypeID, depth: Int) {
    guard let index = fields.firstIndex(where: { $0.name == name }), let plain = try? types.resolved(type) else {
      return
    }
    if types.kind(plain) == .structure, Self.special.contains(types.name(plain)) {
      fields.remove(at: index)
    } else {
      fields[index].value = strip(fields[index].value, type, depth: depth + 1)
    }
  }
}
