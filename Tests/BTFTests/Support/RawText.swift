// SPDX-License-Identifier: Apache-2.0
import BTF

/// Types in the notation of `bpftool btf dump file F format raw`, so that whole files can be compared.
struct RawText {
  let types: BTFTypes

  func lines(_ id: TypeID) throws -> [String] {
    let type = try types.type(id)
    let kind = type.kind.map(String.init(describing:)) ?? "?"
    let head = "[\(id.rawValue)] \(kind) '\(type.name.isEmpty ? "(anon)" : type.name)'"
    switch type {
    case .void, .unknown: return [head]
    case .int(let i):
      let names = [(BTFInteger.Encoding.signed, "SIGNED"), (.char, "CHAR"), (.bool, "BOOL")]
      let encoding = names.first { i.encoding == $0.0 }?.1 ?? "(none)"
      return [head + " size=\(i.size) bits_offset=\(i.bitOffset) nr_bits=\(i.bits) encoding=\(encoding)"]
    case .pointer(let to), .const(let to), .volatile(let to), .restrict(let to), .typedef(_, let to):
      return [head + " type_id=\(to.rawValue)"]
    case .typeTag(let tag): return [head + " type_id=\(tag.type.rawValue)"]
    case .array(let a):
      return [head + " type_id=\(a.element.rawValue) index_type_id=\(a.index.rawValue) nr_elems=\(a.count)"]
    case .structure(let c), .union(let c):
      return [head + " size=\(c.size) vlen=\(c.members.count)"]
        + c.members.map { m in
          "\t'\(m.name.isEmpty ? "(anon)" : m.name)' type_id=\(m.type.rawValue) bits_offset=\(m.bitOffset)"
            + (m.isBitField ? " bitfield_size=\(m.bitSize)" : "")
        }
    case .enumeration(let e):
      let suffix = e.is64Bit ? (e.isSigned ? "LL" : "ULL") : ""
      return [head + " encoding=\(e.isSigned ? "SIGNED" : "UNSIGNED") size=\(e.size) vlen=\(e.values.count)"]
        + e.values.map { "\t'\($0.name)' val=\(e.isSigned ? "\($0.signed)" : "\($0.unsigned)")\(suffix)" }
    case .forward(_, let isUnion): return [head + " fwd_kind=\(isUnion ? "union" : "struct")"]
    case .function(let f): return [head + " type_id=\(f.type.rawValue) linkage=\(f.linkage)"]
    case .functionPrototype(let p):
      return [head + " ret_type_id=\(p.result.rawValue) vlen=\(p.parameters.count)"]
        + p.parameters.map { "\t'\($0.name.isEmpty ? "(anon)" : $0.name)' type_id=\($0.type.rawValue)" }
    case .variable(let v): return [head + " type_id=\(v.type.rawValue), linkage=\(v.linkage)"]
    case .dataSection(let s):
      return [head + " size=\(s.size) vlen=\(s.entries.count)"]
        + s.entries.map { e in
          let kind = types.kind(e.type).map(String.init(describing:)) ?? "?"
          return "\ttype_id=\(e.type.rawValue) offset=\(e.offset) size=\(e.size) (\(kind) '\(types.name(e.type))')"
        }
    case .float(_, let size): return [head + " size=\(size)"]
    case .declTag(let t): return [head + " type_id=\(t.type.rawValue) component_idx=\(t.component ?? -1)"]
    }
  }

  /// All types of the BTF itself, base excluded.
  func all() throws -> String {
    var text = ""
    for id in types.ids {
      for line in try lines(id) { text += line + "\n" }
    }
    return text
  }
}
