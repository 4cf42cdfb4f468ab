// SPDX-License-Identifier: Apache-2.0

// Helpers that read memory which may not be there: they answer -EFAULT and leave zeroes.
extension Execution {
  static let memoryHelpers: [(String, HelperBody)] = [
    ("probe_read", { try $0.probeRead([.kernelRead, .userRead]) }),
    ("probe_read_kernel", { try $0.probeRead(.kernelRead) }),
    ("probe_read_user", { try $0.probeRead(.userRead) }),
    ("copy_from_user", { try $0.probeRead(.userRead) }),
    ("copy_from_user_task", { try $0.probeRead(.userRead) }),
    ("probe_read_str", { try $0.probeReadString([.kernelRead, .userRead]) }),
    ("probe_read_kernel_str", { try $0.probeReadString(.kernelRead) }),
    ("probe_read_user_str", { try $0.probeReadString(.userRead) }),
    ("probe_write_user", { try $0.probeWriteUser() }),
  ]

  private func probeRead(_ access: Region.Access) throws(InterpreterError) -> UInt64 {
    let room = try output(argument(1), word(2))
    guard !room.isEmpty else { return 0 }
    guard let place = space.pointer(argument(3), UInt32(room.count), access) else {
      room.initializeMemory(as: UInt8.self, repeating: 0)
      return answer(.badAddress)
    }
    room.copyMemory(from: UnsafeRawBufferPointer(start: place, count: room.count))
    return 0
  }

  /// Copies a string with its final zero, cut to the room, and returns the bytes with the zero.
  private func probeReadString(_ access: Region.Access) throws(InterpreterError) -> UInt64 {
    let room = try output(argument(1), word(2))
    guard !room.isEmpty else { return 0 }
    let there = space.extent(from: argument(3), access)
    let looked = min(there, room.count)
    guard looked > 0, let place = space.pointer(argument(3), UInt32(looked), access) else {
      room.initializeMemory(as: UInt8.self, repeating: 0)
      return answer(.badAddress)
    }
    let source = UnsafeRawBufferPointer(start: place, count: looked)
    if let end = source.firstIndex(of: 0) {
      room.copyMemory(from: UnsafeRawBufferPointer(rebasing: source[...end]))
      return UInt64(end + 1)
    }
    // The string is longer than the room; or the memory ends before the string does.
    guard looked == room.count else {
      room.initializeMemory(as: UInt8.self, repeating: 0)
      return answer(.badAddress)
    }
    room.copyMemory(from: source)
    room[room.count - 1] = 0
    return UInt64(room.count)
  }

  private func probeWriteUser() throws(InterpreterError) -> UInt64 {
    let bytes = try input(argument(2), word(3))
    guard let place = space.pointer(argument(1), UInt32(bytes.count), .userRead) else { return answer(.noPermission) }
    UnsafeMutableRawBufferPointer(start: place, count: bytes.count).copyMemory(from: bytes)
    return 0
  }
}
