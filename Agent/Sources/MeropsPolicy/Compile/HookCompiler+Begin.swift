// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsModel

// What a program begins with: whether it is an act at all, the address, the paths, the process.
extension HookCompiler {
  mutating func beginProgram() {
    code.emit(.move(.r6, .r1))
    if let gate = hook.security?.gate, isFilter || hook.paths.isEmpty { compile(gate) }
    if hook.fields == nil {
      for word in 0..<3 { code.emit(.store(0, to: .r10, Frame.address + 8 * Int16(word), size: .doubleWord)) }
    } else {
      beginAddress()
      code.emit(
        .load(.r1, from: .r6, SocketAddressContext.port, size: .word), .bigEndian(.r1, bits: 16),
        .store(0, to: .r10, Frame.port, size: .doubleWord))
      putAway(at: Frame.port, .byte)
    }
    if !hook.paths.isEmpty, !isFilter {
      code.emit(.call(.getCurrentPIDTGID), .store(.r0, to: .r10, Frame.key, size: .word))
      loadMap(.r1, .acts)
      code.emit(
        .move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.key))), .call(.mapLookupElement),
        .store(.r0, to: .r10, Frame.act, size: .doubleWord))
    }
    if allowsInAudit, !isFilter { code.emit(.store(0, to: .r10, Frame.isAllowedInAudit, size: .doubleWord)) }
    guard usesProcess else { return }
    code.emit(
      .call(.getCurrentPIDTGID), .arithmetic(.shiftRight, .r0, 32), .store(.r0, to: .r10, Frame.key, size: .word))
    loadMap(.r1, .processes)
    code.emit(.move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.key))), .call(.mapLookupElement), .move(.r7, .r0))
  }

  /// Puts the address on the stack, in network order, an IPv4 address in its mapped form.
  ///
  /// A connection to no address is one to this machine (tcp_v4_connect, tcp_v6_connect): it is decided as such.
  mutating func beginAddress() {
    let isBound = hook.acts[0] == .networkBind
    code.emit(.store(128, to: .r10, Frame.prefix, size: .word))
    let words = (0..<4).map { Frame.address + 4 * Int16($0) }
    let known = code.makeLabel("address")
    if hook.isIPv6 {
      for (index, word) in words.enumerated() {
        code.emit(.load(.r1, from: .r6, SocketAddressContext.ipv6 + 4 * Int16(index), size: .word))
        putAway(at: word, .halfWord)
      }
      guard !isBound else { return }
      for word in [words[3], words[0], words[1]] {
        code.emit(.load(.r1, from: .r10, word, size: .word))
        code.jump(to: known, if: .r1, .notEqual, 0)
      }
      let mapped = code.makeLabel("mapped")
      code.emit(.load(.r1, from: .r10, words[2], size: .word))
      code.jump(to: mapped, if: .r1, .equal, .immediate(Self.mappedWord), width: .bits32)
      code.jump(to: known, if: .r1, .notEqual, 0)
      code.emit(.store(.immediate(Self.word(0, 0, 0, 1)), to: .r10, words[3], size: .word))
      code.jump(to: known)
      code.place(mapped)
      code.emit(.store(.immediate(Self.loopback), to: .r10, words[3], size: .word))
    } else {
      code.emit(
        .store(0, to: .r10, Frame.address, size: .doubleWord),
        .store(.immediate(Self.mappedWord), to: .r10, words[2], size: .word),
        .load(.r1, from: .r6, SocketAddressContext.ipv4, size: .word))
      if !isBound {
        code.jump(to: known, if: .r1, .notEqual, 0)
        code.emit(.move(.r1, .immediate(Self.loopback), width: .bits32))
        code.place(known)
      }
      putAway(at: words[3], .halfWord)
      return
    }
    code.place(known)
  }

  /// Stores what is in r1 on the stack, in two parts: so the verifier does not know the number when it is loaded. Else it would
  /// learn from each comparison what the number is, and follow each possibility through all the rules behind: a million
  /// instructions for a few hundred rules.
  mutating func putAway(at offset: Int16, _ part: AccessSize) {
    let bytes = Int16(part.byteCount)
    code.emit(
      .store(.r1, to: .r10, offset, size: part), .arithmetic(.shiftRight, .r1, .immediate(Int32(8 * bytes))),
      .store(.r1, to: .r10, offset + bytes, size: part))
  }

  /// Four bytes as a program loads them.
  static func word(_ bytes: UInt8...) -> Int32 {
    Int32(bitPattern: bytes.reversed().reduce(0) { $0 << 8 | UInt32($1) })
  }
  static let mappedWord = word(0, 0, 0xff, 0xff)
  static let loopback = word(127, 0, 0, 1)

  /// What is no act ends the program.
  mutating func compile(_ gate: SecurityHook.Gate) {
    let isAct = code.makeLabel("act")
    code.emit(
      .load(.r1, from: .r6, 8 * Int16(gate.index), size: .doubleWord), .move(.r1, .r1, width: .bits32))
    if gate.bits != 0 {
      code.jump(to: isAct, if: .r1, .anyBit, .immediate(gate.bits))
    } else {
      code.jump(to: isAct, if: .r1, .equal, .immediate(gate.number))
    }
    code.emit(.move(.r0, .immediate(hook.allowing)), .exit)
    code.place(isAct)
  }
}

/// Offsets in `struct bpf_sock_addr`.
///
/// Source: include/uapi/linux/bpf.h.
enum SocketAddressContext {
  static let ipv4: Int16 = 4
  static let ipv6: Int16 = 8
  static let port: Int16 = 24
  static let transport: Int16 = 36
}
