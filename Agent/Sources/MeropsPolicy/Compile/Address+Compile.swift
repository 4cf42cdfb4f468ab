// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

extension HookCompiler {
  mutating func compile(
    _ place: Place, isIn blocks: [AddressBlock], _ yes: Label, _ no: Label
  ) throws(CompileProblem) {
    guard place.scope == .event, place.field == hook.fields?.address else { throw unavailable(place) }
    // An IPv4 socket has no other address than one in its mapped form.
    let possible = blocks.filter { hook.isIPv6 || $0.base.isIPv4 || $0.prefix <= 96 && $0.contains(Self.anyIPv4) }
    if possible.count <= Self.inlineLimit {
      for block in possible {
        let other = code.makeLabel("other")
        compare(block, else: other)
        code.jump(to: yes)
        code.place(other)
      }
      code.jump(to: no)
    } else {
      lookUp(.blocks(Set(possible)), at: Frame.prefix, yes, no)
    }
  }

  private static let anyIPv4 = Address(ipv4: 0)

  private mutating func compare(_ block: AddressBlock, else other: Label) {
    let bytes = block.base.networkOrder
    for index in 0..<4 {
      let bits = min(max(block.prefix - 32 * index, 0), 32)
      // The first words of an IPv4 socket's address are always the same.
      guard bits > 0, hook.isIPv6 || index == 3 else { continue }
      let word = bytes[4 * index..<4 * index + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
      let mask = bits == 32 ? UInt32.max : ~(UInt32.max >> UInt32(bits))
      code.emit(.load(.r1, from: .r10, Frame.address + 4 * Int16(index), size: .word))
      if bits < 32 {
        code.emit(.arithmetic(.and, .r1, .immediate(Int32(bitPattern: mask.byteSwapped)), width: .bits32))
      }
      code.jump(to: other, if: .r1, .notEqual, .immediate(Int32(bitPattern: word)), width: .bits32)
    }
  }
}

extension Address {
  var networkOrder: [UInt8] { withUnsafeBytes(of: bits.bigEndian) { Array($0) } }
}
