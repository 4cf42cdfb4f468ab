// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsModel

// What a program ends with, and what it tells.
extension HookCompiler {
  /// Goes on with what writes the paths. If there is no such program, the act is denied.
  mutating func goOn(_ label: Label) {
    code.place(label)
    code.emit(.move(.r1, .r6))
    loadMap(.r2, .slots)
    code.emit(
      .move(.r3, .immediate(Int32(PolicySlots.paths + (generation & 1)))), .call(.tailCall),
      .move(.r0, .immediate(hook.denying)), .exit)
  }

  /// Ends the program with a denial of the rule in r8.
  mutating func deny(_ label: Label) {
    code.place(label)
    if hook.rung == .kill { code.emit(.move(.r1, 9), .call(.sendSignal)) }
    tell()
    code.emit(.move(.r0, .immediate(hook.denying)), .exit)
  }

  /// Sends a verdict, or counts that there was no room for it.
  mutating func tell() {
    let at = { (offset: Int16) in Frame.record + offset }
    typealias Layout = VerdictLayout
    code.emit(
      .call(.ktimeGetBootNS), .store(.r0, to: .r10, at(Layout.time), size: .doubleWord),
      .call(.getCurrentPIDTGID), .store(.r0, to: .r10, at(Layout.thread), size: .doubleWord),
      .call(.getCurrentCgroupID), .store(.r0, to: .r10, at(Layout.cgroup), size: .doubleWord))
    for word in 0..<2 {
      code.emit(
        .load(.r1, from: .r10, Frame.address + 8 * Int16(word), size: .doubleWord),
        .store(.r1, to: .r10, at(Layout.address + 8 * Int16(word)), size: .doubleWord))
    }
    code.emit(
      .store(.immediate(Int32(bitPattern: generation)), to: .r10, at(Layout.generation), size: .word),
      .store(.r8, to: .r10, at(Layout.rule), size: .word),
      .load(.r1, from: .r10, Frame.port, size: .doubleWord), .store(.r1, to: .r10, at(Layout.port), size: .halfWord),
      .store(.immediate(Int32(hook.rawValue)), to: .r10, at(Layout.hook), size: .byte),
      .store(.r9, to: .r10, at(Layout.flags), size: .byte))
    if hook.fields == nil {
      tellNumbers()
    } else {
      code.emit(
        .load(.r1, from: .r6, SocketAddressContext.transport, size: .word),
        .store(.r1, to: .r10, at(Layout.transport), size: .word))
    }
    code.emit(
      .move(.r1, .r10), .add(.r1, .immediate(Int32(at(Layout.command)))), .move(.r2, 16), .call(.getCurrentComm))
    let sent = code.makeLabel("sent")
    let plain = code.makeLabel("plain")
    let lost = code.makeLabel("lost")
    if !hook.paths.isEmpty {
      code.emit(.load(.r2, from: .r10, Frame.act, size: .doubleWord))
      code.jump(to: plain, if: .r2, .equal, 0)
      tellPaths(lost)
      code.jump(to: sent, if: .r0, .equal, 0)
      code.jump(to: lost)
      code.place(plain)
    }
    loadMap(.r1, .verdicts)
    code.emit(
      .move(.r2, .r10), .add(.r2, .immediate(Int32(Frame.record))), .move(.r3, .immediate(Int32(Layout.size))),
      .move(.r4, 0), .call(.ringbufOutput))
    code.jump(to: sent, if: .r0, .equal, 0)
    code.place(lost)
    add(at: 0)
    code.place(sent)
  }

  /// Sends the record on the stack in front of the paths, which r2 points to.
  mutating func tellPaths(_ lost: Label) {
    for offset in stride(from: 0 as Int16, to: Int16(VerdictLayout.size), by: 8)
    where !(VerdictLayout.address..<VerdictLayout.generation).contains(offset) {
      code.emit(
        .load(.r1, from: .r10, Frame.record + offset, size: .doubleWord),
        .store(.r1, to: .r2, ActLayout.record + offset, size: .doubleWord))
    }
    code.emit(.load(.r3, from: .r2, 0, size: .doubleWord))
    code.jump(to: lost, if: .r3, .greater, .immediate(Int32(ActLayout.capacity)))
    code.emit(.add(.r2, .immediate(Int32(ActLayout.record))))
    loadMap(.r1, .verdicts)
    code.emit(.move(.r4, 0), .call(.ringbufOutput))
  }

  /// Two numbers of the act, in place of port and transport; 0 where they cannot be read.
  mutating func tellNumbers() {
    code.emit(.store(0, to: .r10, Frame.record + VerdictLayout.transport, size: .word))
    let told = hook.security?.told
    for (field, offset, size) in [
      (told?.small, VerdictLayout.port, AccessSize.halfWord), (told?.large, VerdictLayout.transport, .word),
    ] {
      guard let field else { continue }
      let unknown = code.makeLabel("unknown")
      guard loadArgument(field, unknown) else { continue }
      code.emit(.store(.r0, to: .r10, Frame.record + offset, size: size))
      code.place(unknown)
    }
  }

  /// Counts that a rule applied.
  mutating func count(_ rule: UInt32) { add(at: 8 * (rule + 1)) }

  mutating func add(at offset: UInt32) {
    let index = UInt64(index(of: .counters))
    code.emit(Instruction.loadWide(.r1, index | UInt64(offset) << 32, source: PseudoSource.mapIndexValue))
    code.emit(.move(.r2, 1), .atomic(.add, .r2, at: .r1, size: .doubleWord))
  }
}
