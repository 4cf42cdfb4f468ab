// SPDX-License-Identifier: Apache-2.0

// Helpers that call functions of the program.
extension Execution {
  static let loopHelpers: [(String, HelperBody)] = [
    ("loop", { try $0.loop() }),
    ("for_each_map_elem", { try $0.forEachElement() }),
  ]

  private func loop() throws(InterpreterError) -> UInt64 {
    let (count, callback, state, flags) = (word(1), argument(2), argument(3), argument(4))
    guard flags == 0 else { return answer(.invalid) }
    // BPF_MAX_LOOPS
    guard count <= 8 << 20 else { return answer(.tooBig) }
    var index: UInt64 = 0
    while index < count {
      let result = try callBack(callback, index, state)
      index += 1
      if result != 0 { break }
    }
    return index
  }

  private func forEachElement() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let (handle, callback, state, flags) = (argument(1), argument(2), argument(3), argument(4))
    guard flags == 0 else { return answer(.invalid) }
    guard let cell = space.allocate(.map("keys of \(map.name)"), size: max(8, map.keySize), access: .readOnly) else {
      throw fault(.outOfMemory, "no room for a key of \(map.name)")
    }
    defer {
      space.release(cell)
      retired.append(cell)
    }
    var visited: UInt64 = 0
    charge(map.count)
    for slot in map.slots {
      // The callback may have removed it.
      guard map.kind == .array || map.index.isUsed(slot) else { continue }
      let key = map.key(of: slot)
      space.regions[cell].host.copyMemory(from: key, byteCount: key.count)
      visited += 1
      let result = try callBack(
        callback, handle, space.address(of: cell), map.address(slot, cpu: currentCPU), state)
      if result != 0 { break }
    }
    return visited
  }
}
