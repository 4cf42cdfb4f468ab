// SPDX-License-Identifier: Apache-2.0

/// What a `struct bpf_dynptr` of a program stands for. The struct itself holds its number, from 1.
struct DynamicPointer {
  var address: UInt64
  var size: Int
  var isReadOnly: Bool
  /// The record of a ring that it holds, by region.
  var region: Int?
}

// Helpers on dynptrs.
extension Execution {
  static let dynptrHelpers: [(String, HelperBody)] = [
    ("dynptr_from_mem", { try $0.dynptrFromMemory() }),
    ("dynptr_read", { try $0.dynptrRead() }),
    ("dynptr_write", { try $0.dynptrWrite() }),
    ("dynptr_data", { try $0.dynptrData() }),
    ("ringbuf_reserve_dynptr", { try $0.reserveDynptr() }),
    ("ringbuf_submit_dynptr", { try $0.finishDynptr(submitting: true) }),
    ("ringbuf_discard_dynptr", { try $0.finishDynptr(submitting: false) }),
  ]

  private func set(_ pointer: DynamicPointer?, at address: UInt64) throws(InterpreterError) {
    let cell = try output(address, 16)
    cell.initializeMemory(as: UInt8.self, repeating: 0)
    guard let pointer else { return }
    dynptrs.append(pointer)
    cell.storeBytes(of: UInt64(dynptrs.count), as: UInt64.self)
  }

  /// The dynptr at an address; nil for a null one.
  func dynptr(_ address: UInt64) throws(InterpreterError) -> DynamicPointer? {
    let number = try input(address, 16).loadUnaligned(as: UInt64.self)
    guard number != 0 else { return nil }
    guard number <= UInt64(dynptrs.count) else { throw fault(.badArgument, "the argument is not a dynptr") }
    return dynptrs[Int(number - 1)]
  }

  private func dynptrFromMemory() throws(InterpreterError) -> UInt64 {
    let (address, size, flags, cell) = (argument(1), word(2), argument(3), argument(4))
    _ = try output(address, size)
    guard flags == 0, size <= 0xff_ffff else {
      try set(nil, at: cell)
      return answer(flags == 0 ? .tooBig : .invalid)
    }
    try set(DynamicPointer(address: address, size: Int(size), isReadOnly: false, region: nil), at: cell)
    return 0
  }

  private func reserveDynptr() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let (size, flags, cell) = (word(2), argument(3), argument(4))
    guard flags == 0, map.kind == .ring, let region = reserve(map, size) else {
      try set(nil, at: cell)
      return answer(.invalid)
    }
    try set(
      DynamicPointer(address: space.address(of: region), size: Int(size), isReadOnly: false, region: region), at: cell)
    return 0
  }

  private func finishDynptr(submitting: Bool) throws(InterpreterError) -> UInt64 {
    let cell = argument(1)
    guard let pointer = try dynptr(cell) else { return 0 }
    guard let region = pointer.region else { throw fault(.badArgument, "the dynptr is not a reserved record") }
    _ = try finish(space.address(of: region), submitting: submitting)
    try set(nil, at: cell)
    return 0
  }

  /// Where bytes of a dynptr are; nil if they leave it.
  func dynptrBytes(_ pointer: DynamicPointer, _ offset: UInt64, _ size: UInt64) -> UInt64? {
    guard size <= UInt64(pointer.size), offset <= UInt64(pointer.size) - size else { return nil }
    return pointer.address + offset
  }

  private func dynptrRead() throws(InterpreterError) -> UInt64 {
    let room = try output(argument(1), word(2))
    guard let pointer = try dynptr(argument(3)), argument(5) == 0 else { return answer(.invalid) }
    guard let address = dynptrBytes(pointer, word(4), UInt64(room.count)) else { return answer(.tooBig) }
    room.copyMemory(from: try input(address, UInt64(room.count)))
    return 0
  }

  private func dynptrWrite() throws(InterpreterError) -> UInt64 {
    let bytes = try input(argument(3), word(4))
    guard let pointer = try dynptr(argument(1)), !pointer.isReadOnly, argument(5) == 0 else { return answer(.invalid) }
    guard let address = dynptrBytes(pointer, word(2), UInt64(bytes.count)) else { return answer(.tooBig) }
    try output(address, UInt64(bytes.count)).copyMemory(from: bytes)
    return 0
  }

  private func dynptrData() throws(InterpreterError) -> UInt64 {
    guard let pointer = try dynptr(argument(1)), !pointer.isReadOnly else { return 0 }
    return dynptrBytes(pointer, word(2), word(3)) ?? 0
  }
}
