// SPDX-License-Identifier: Apache-2.0

extension BTFBuilder {
  /// The record of a type.
  mutating func words(of type: BTFType) throws(BTFError) -> [UInt32] {
    let name = try strings.offset(of: type.name)
    func record(
      _ kind: BTFKind, count: Int = 0, flag: Bool = false, _ sizeOrType: UInt32, _ payload: [UInt32] = []
    ) throws(BTFError) -> [UInt32] {
      guard (0...RecordLayout.maximumCount).contains(count) else {
        throw BTFError(.tooLarge, at: 0, "\(kind) \(type.name): \(count) elements; a type holds 2^24 - 1")
      }
      return [name, RecordLayout.info(kind: kind.rawValue, count: count, flag: flag), sizeOrType] + payload
    }
    switch type {
    case .void: throw BTFError(.badType, at: 0, "void has no record: it is id 0")
    case .int(let i):
      guard (0...255).contains(i.bits), (0...255).contains(i.bitOffset) else {
        throw BTFError(.tooLarge, at: 0, "integer \(i.name): \(i.bits) bits at bit \(i.bitOffset)")
      }
      let word = UInt32(i.encoding.rawValue & 0x0f) << 24 | UInt32(i.bitOffset) << 16 | UInt32(i.bits)
      return try record(.int, word32(i.size), [word])
    case .pointer(let id): return try record(.pointer, id.rawValue)
    case .array(let a): return try record(.array, 0, [a.element.rawValue, a.index.rawValue, word32(a.count)])
    case .structure(let c): return try record(.structure, c)
    case .union(let c): return try record(.union, c)
    case .enumeration(let e): return try record(e)
    case .forward(_, let isUnion): return try record(.forward, flag: isUnion, 0)
    case .typedef(_, let id): return try record(.typedef, id.rawValue)
    case .volatile(let id): return try record(.volatile, id.rawValue)
    case .const(let id): return try record(.const, id.rawValue)
    case .restrict(let id): return try record(.restrict, id.rawValue)
    case .function(let f): return try record(.function, count: Int(f.linkage.rawValue), f.type.rawValue)
    case .functionPrototype(let p):
      var payload: [UInt32] = []
      for parameter in p.parameters { payload += [try strings.offset(of: parameter.name), parameter.type.rawValue] }
      return try record(.functionPrototype, count: p.parameters.count, p.result.rawValue, payload)
    case .variable(let v): return try record(.variable, v.type.rawValue, [v.linkage.rawValue])
    case .dataSection(let s):
      var payload: [UInt32] = []
      for entry in s.entries { payload += [entry.type.rawValue, try word32(entry.offset), try word32(entry.size)] }
      return try record(.dataSection, count: s.entries.count, word32(s.size), payload)
    case .float(_, let size): return try record(.float, word32(size))
    case .declTag(let t):
      let component = try t.component.map { component throws(BTFError) in try word32(component) }
      return try record(.declTag, flag: t.isAttribute, t.type.rawValue, [component ?? .max])
    case .typeTag(let t): return try record(.typeTag, flag: t.isAttribute, t.type.rawValue)
    case .unknown(let u):
      return [name, RecordLayout.info(kind: u.kind, count: u.count, flag: u.flag), u.sizeOrType] + u.payload
    }

    func record(_ kind: BTFKind, _ c: BTFComposite) throws(BTFError) -> [UInt32] {
      // Only structs with bit fields set the flag: it takes 8 of the 32 bits of an offset.
      let flag = c.members.contains { $0.isBitField }
      var payload: [UInt32] = []
      payload.reserveCapacity(3 * c.members.count)
      for member in c.members {
        let place = try word32(member.bitOffset)
        guard !flag || place <= 0xff_ffff && (0...255).contains(member.bitSize) else {
          throw BTFError(
            .tooLarge, at: 0,
            "member \(c.name).\(member.name): \(member.bitSize) bits at bit \(place); a struct with bit fields ends at 2^24"
          )
        }
        payload += [
          try strings.offset(of: member.name), member.type.rawValue,
          flag ? UInt32(member.bitSize) << 24 | place : place,
        ]
      }
      return try record(kind, count: c.members.count, flag: flag, word32(c.size), payload)
    }

    func record(_ e: BTFEnumeration) throws(BTFError) -> [UInt32] {
      var payload: [UInt32] = []
      for value in e.values {
        payload += [try strings.offset(of: value.name), UInt32(truncatingIfNeeded: value.bits)]
        if e.is64Bit {
          payload.append(UInt32(truncatingIfNeeded: value.bits >> 32))
        } else if e.isSigned ? Int32(exactly: value.signed) == nil : UInt32(exactly: value.unsigned) == nil {
          throw BTFError(.tooLarge, at: 0, "\(value.name) of enum \(e.name) needs more than 32 bits")
        }
      }
      return try record(
        e.is64Bit ? .enumeration64 : .enumeration, count: e.values.count, flag: e.isSigned, word32(e.size), payload)
    }

    func word32(_ value: Int) throws(BTFError) -> UInt32 {
      guard let word = UInt32(exactly: value) else {
        throw BTFError(.tooLarge, at: 0, "\(type.name): \(value) does not fit 32 bits")
      }
      return word
    }
  }
}
