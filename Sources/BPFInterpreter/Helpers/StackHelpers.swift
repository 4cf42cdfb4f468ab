// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

// Helpers that give the call stack: the environment's.
extension Execution {
  static let stackHelpers: [(String, HelperBody)] = [
    ("get_stack", { try $0.copyStack($0.argument(2), $0.word(3), $0.argument(4)) }),
    ("get_task_stack", { try $0.copyStack($0.argument(2), $0.word(3), $0.argument(4)) }),
    ("get_stackid", { try $0.stackID() }),
  ]

  /// The addresses that flags ask for: of the process (BPF_F_USER_STACK) or the kernel, some frames skipped.
  private func stack(_ flags: UInt64) -> ArraySlice<UInt64> {
    let environment = owner.environment
    return (flags & 0x100 != 0 ? environment.userStack : environment.kernelStack).dropFirst(Int(flags & 0xff))
  }

  private func copyStack(_ address: UInt64, _ size: UInt64, _ flags: UInt64) throws(InterpreterError) -> UInt64 {
    let room = try output(address, size)
    // BPF_F_USER_BUILD_ID asks for other elements.
    guard flags & ~0x1ff == 0, size % 8 == 0 else { return answer(.invalid) }
    room.initializeMemory(as: UInt8.self, repeating: 0)
    let frames = stack(flags).prefix(room.count / 8)
    for (index, frame) in frames.enumerated() { room.storeBytes(of: frame, toByteOffset: index * 8, as: UInt64.self) }
    return UInt64(frames.count * 8)
  }

  /// Keeps the stack in a map under a number that is made from it.
  private func stackID() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(2))
    guard map.type == .stackTrace, map.keySize == 4 else {
      throw fault(.badArgument, "\(map.name) is a \(map.type) map, not one of stack traces")
    }
    let frames = stack(argument(3)).prefix(map.valueSize / 8)
    guard !frames.isEmpty else { return answer(.badAddress) }
    let hash = frames.reduce(UInt64(17)) { ($0 ^ $1) &* 0x0000_0100_0000_01b3 }
    let id = UInt32(truncatingIfNeeded: hash >> 20) % UInt32(max(1, min(map.maxEntries, Int(Int32.max))))
    let key = withUnsafeBytes(of: id) { Array($0) }
    let bytes = frames.flatMap { frame in withUnsafeBytes(of: frame) { Array($0) } }
    let value = bytes + [UInt8](repeating: 0, count: map.valueSize - bytes.count)
    let result = map.withPointer(key) { key in
      map.withPointer(value) { value in answer { () throws(MapErrno) in try map.update(key, value, 0) } }
    }
    return result == 0 ? UInt64(id) : result
  }
}
