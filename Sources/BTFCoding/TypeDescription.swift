// SPDX-License-Identifier: Apache-2.0

import BTF

extension BTFTypes {
  /// A type as an error names it: `struct event`, `char[16]`, `struct sock *`. BTFText declares types as C does.
  func description(of id: TypeID) -> String {
    var (id, suffix) = (id, "")
    for _ in 0..<32 {
      guard let type = try? type(id) else { return "type \(id)" }
      let name = type.name.isEmpty ? "{...}" : type.name
      switch type {
      case .void: return "void" + suffix
      case .int, .float, .typedef: return name + suffix
      case .structure, .forward(_, isUnion: false): return "struct \(name)\(suffix)"
      case .union, .forward(_, isUnion: true): return "union \(name)\(suffix)"
      case .enumeration: return "enum \(name)\(suffix)"
      case .pointer(let target): (id, suffix) = (target, " *" + suffix)
      case .array(let array): (id, suffix) = (array.element, suffix + "[\(array.count)]")
      case .const(let target), .volatile(let target), .restrict(let target): id = target
      case .typeTag(let tag): id = tag.type
      case .variable(let variable): id = variable.type
      case .function: return "function \(name)"
      case .functionPrototype: return suffix.isEmpty ? "function" : "function" + suffix
      case .dataSection: return "section \(name)"
      case .declTag, .unknown: return "tag \(name)"
      }
    }
    return "type \(id)"
  }
}
