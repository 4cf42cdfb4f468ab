// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

// Kernel functions (kfuncs) that make sense without a kernel.
extension Execution {
  static let kernelFunctions: [String: HelperBody] = [
    "bpf_rcu_read_lock": { _ in 0 },
    "bpf_rcu_read_unlock": { _ in 0 },
    "bpf_preempt_disable": { _ in 0 },
    "bpf_preempt_enable": { _ in 0 },
    // References are not counted here.
    "bpf_task_acquire": { $0.argument(1) },
    "bpf_task_from_pid": { $0.owner.environment.tasks[UInt32($0.word(1))] ?? 0 },
    "bpf_path_d_path": { try $0.path(of: $0.argument(1), $0.argument(2), $0.word(3)) },
    "bpf_task_release": { _ in 0 },
    "bpf_cgroup_acquire": { $0.argument(1) },
    "bpf_cgroup_release": { _ in 0 },
    "bpf_cast_to_kern_ctx": { $0.argument(1) },
    "bpf_rdonly_cast": { $0.argument(1) },
    "bpf_arena_alloc_pages": { try $0.allocatePages() },
    "bpf_arena_free_pages": { _ in 0 },
    "bpf_iter_num_new": { try $0.newNumbers() },
    "bpf_iter_num_next": { try $0.nextNumber() },
    "bpf_iter_num_destroy": { _ in 0 },
    "bpf_dynptr_size": { UInt64(try $0.dynptr($0.argument(1))?.size ?? 0) },
    "bpf_dynptr_is_null": { try $0.dynptr($0.argument(1)) == nil ? 1 : 0 },
    "bpf_dynptr_is_rdonly": { try $0.dynptr($0.argument(1))?.isReadOnly == true ? 1 : 0 },
    "bpf_dynptr_slice": { try $0.dynptrSlice(writing: false) },
    "bpf_dynptr_slice_rdwr": { try $0.dynptrSlice(writing: true) },
    "bpf_dynptr_from_xdp": { try $0.dynptrFromPacket() },
    "bpf_dynptr_from_skb": { try $0.dynptrFromPacket() },
  ]

  /// `struct bpf_iter_num`: the next number and the end, of 32 bits each.
  private func newNumbers() throws(InterpreterError) -> UInt64 {
    let (start, end) = (Int32(truncatingIfNeeded: argument(2)), Int32(truncatingIfNeeded: argument(3)))
    let cell = try output(argument(1), 8)
    let isValid = start <= end && Int64(end) - Int64(start) <= 8 << 20
    cell.storeBytes(of: isValid ? start &- 1 : 0, as: Int32.self)
    cell.storeBytes(of: isValid ? end : 0, toByteOffset: 4, as: Int32.self)
    return isValid ? 0 : answer(start > end ? .invalid : .tooBig)
  }

  private func nextNumber() throws(InterpreterError) -> UInt64 {
    let cell = try output(argument(1), 8)
    let last = cell.load(fromByteOffset: 4, as: Int32.self)
    let current = cell.load(as: Int32.self)
    guard Int64(current) + 1 < Int64(last) else {
      cell.storeBytes(of: 0, as: UInt64.self)
      return 0
    }
    cell.storeBytes(of: current &+ 1, as: Int32.self)
    return argument(1)
  }

  /// Pages of an arena, after its globals; freed ones are not used again.
  private func allocatePages() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let bytes = word(3) * 4096
    guard map.kind == .arena, bytes > 0, UInt64(map.usedBytes) + bytes <= UInt64(space.regions[map.region].size) else {
      return 0
    }
    let address = space.address(of: map.region) + UInt64(map.usedBytes)
    map.usedBytes += Int(bytes)
    return address
  }

  private func dynptrSlice(writing: Bool) throws(InterpreterError) -> UInt64 {
    guard let pointer = try dynptr(argument(1)), !writing || !pointer.isReadOnly else { return 0 }
    return dynptrBytes(pointer, word(2), word(4)) ?? 0
  }

  private func dynptrFromPacket() throws(InterpreterError) -> UInt64 {
    let packet = try packet()
    let cell = try output(argument(3), 16)
    cell.initializeMemory(as: UInt8.self, repeating: 0)
    guard argument(2) == 0 else { return answer(.invalid) }
    let isReadOnly = program?.type.seesNetworkHeaderFirst ?? false
    dynptrs.append(
      DynamicPointer(address: packet.dataAddress, size: packet.count, isReadOnly: isReadOnly, region: nil))
    cell.storeBytes(of: UInt64(dynptrs.count), as: UInt64.self)
    return 0
  }
}
