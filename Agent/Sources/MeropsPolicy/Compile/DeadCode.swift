// SPDX-License-Identifier: Apache-2.0

import BPFBytecode

extension [Instruction] {
  /// The program without what no path leads to, which the verifier refuses, and without jumps to the next instruction.
  ///
  /// Source: kernel/bpf/verifier.c (check_cfg).
  var withoutDeadCode: [Instruction] {
    var code = self
    while true {
      let isKept = code.reachable
      let isWhole = !isKept.contains(false)
      if isWhole { return code }
      // How many stay before each.
      var places = [0]
      for kept in isKept { places.append(places[places.count - 1] + (kept ? 1 : 0)) }
      for index in code.indices where isKept[index] && code[index].isLocalJump {
        let target = index + 1 + Int(code[index].offset)
        code[index].offset = Int16(truncatingIfNeeded: places[target] - places[index] - 1)
      }
      code = zip(code, isKept).filter(\.1).map(\.0)
    }
  }

  private var reachable: [Bool] {
    var isReached = [Bool](repeating: false, count: count)
    var open = [0]
    while var index = open.popLast() {
      while index < count, !isReached[index] {
        let instruction = self[index]
        isReached[index] = true
        if instruction.opcode == .wideLoad, index + 1 < count {
          isReached[index + 1] = true
          index += 2
          continue
        }
        if instruction.opcode == .exit { break }
        guard instruction.isLocalJump else {
          index += 1
          continue
        }
        let target = index + 1 + Int(instruction.offset)
        if instruction.opcode != .goto { open.append(index + 1) }
        index = target
      }
    }
    for index in indices where self[index].opcode == .goto && self[index].offset == 0 { isReached[index] = false }
    return isReached
  }
}

extension Instruction {
  /// A jump whose offset is in 16 bits.
  fileprivate var isLocalJump: Bool { opcode.class.isJump && opcode != .call && opcode != .exit }
}
