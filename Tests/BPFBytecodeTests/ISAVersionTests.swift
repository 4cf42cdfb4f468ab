// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import BPFBytecode

@Suite struct ISAVersionTests {
  @Test(
    arguments: [
      (.move(.r0, 0, width: .bits32), .v1, KernelVersion(3, 18)),
      (.atomic(.add, .r1, at: .r2, size: .doubleWord), .v1, KernelVersion(3, 18)),
      (.jump(if: .r1, .less, 0, 1), .v2, KernelVersion(4, 14)),
      (.jump(if: .r1, .equal, 0, 1, width: .bits32), .v3, KernelVersion(5, 1)),
      (.atomic(.fetchAdd, .r1, at: .r2, size: .doubleWord), .v3, KernelVersion(5, 12)),
      (.atomic(.xor, .r1, at: .r2, size: .word), .v3, KernelVersion(5, 12)),
      (.moveSigned(.r1, .r2, bits: 8), .v4, KernelVersion(6, 6)),
      (.load(.r1, from: .r2, size: .byte, signed: true), .v4, KernelVersion(6, 6)),
      (.signed(.divide, .r1, 3), .v4, KernelVersion(6, 6)),
      (.byteSwap(.r1, bits: 16), .v4, KernelVersion(6, 6)),
      (.bigEndian(.r1, bits: 16), .v1, KernelVersion(3, 18)),
      (.gotoLong(4), .v4, KernelVersion(6, 6)),
      (.mayGoto(4), .v4, KernelVersion(6, 9)),
      (.addressSpaceCast(.r1, .r1, to: 0, from: 1), .v4, KernelVersion(6, 9)),
      (.atomic(.loadAcquire, .r1, at: .r2, size: .byte), .v4, KernelVersion(6, 15)),
      (.call(.ringbufOutput), .v1, KernelVersion(5, 8)),
      (.callKernel(btfID: 1), .v1, KernelVersion(5, 13)),
      (Instruction.loadMapValue(.r1, descriptor: 3, offset: 8)[0], .v1, KernelVersion(5, 2)),
    ] as [(Instruction, ISAVersion, KernelVersion)])
  func each(slot: Instruction, isa: ISAVersion, kernel: KernelVersion) {
    #expect(slot.minimumISA == isa)
    #expect(slot.minimumKernel == kernel)
    #expect(slot.defect == nil)
  }

  /// The second slot of a wide load is data, whatever it looks like.
  @Test func skipsSecondSlots() {
    #expect(ISAVersion.minimum(of: Instruction.loadWide(.r1, .max) + [.exit]) == .v1)
    #expect(ISAVersion.minimum(of: [.jump(if: .r1, .less, 1, 0), .exit]) == .v2)
  }
}
