// SPDX-License-Identifier: Apache-2.0

// Helpers on maps.
extension Execution {
  static let mapHelpers: [(String, HelperBody)] = [
    ("map_lookup_elem", { try $0.lookup($0.currentCPU) }),
    ("map_lookup_percpu_elem", { try $0.lookup(Int($0.word(3))) }),
    ("map_update_elem", { try $0.updateElement() }),
    ("map_delete_elem", { try $0.deleteElement() }),
    ("map_push_elem", { try $0.pushElement() }),
    ("map_pop_elem", { try $0.takeElement(removing: true) }),
    ("map_peek_elem", { try $0.takeElement(removing: false) }),
    ("task_storage_get", { try $0.storage() }),
    ("sk_storage_get", { try $0.storage() }),
    ("inode_storage_get", { try $0.storage() }),
    ("cgrp_storage_get", { try $0.storage() }),
    ("task_storage_delete", { try $0.deleteStorage() }),
    ("sk_storage_delete", { try $0.deleteStorage() }),
    ("inode_storage_delete", { try $0.deleteStorage() }),
    ("cgrp_storage_delete", { try $0.deleteStorage() }),
    ("get_local_storage", { try $0.localStorage() }),
  ]

  var currentCPU: Int { max(0, owner.environment.cpu) }

  private func key(_ map: InMemoryMap, _ register: Int) throws(InterpreterError) -> UnsafeRawPointer {
    let bytes = try input(argument(register), UInt64(map.keySize))
    // A map without keys takes none: any place does.
    return bytes.baseAddress ?? UnsafeRawPointer(registers)
  }

  private func lookup(_ cpu: Int) throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard cpu < max(1, owner.options.cpuCount) else { return 0 }
    guard let slot = map.slot(of: try key(map, 2)) else { return 0 }
    if map.type.isMapOfMaps { return map.innerMaps[slot]?.handle ?? 0 }
    return map.address(slot, cpu: cpu)
  }

  private func updateElement() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let key = try key(map, 2)
    let value = try input(argument(3), UInt64(map.valueSize))
    let flags = argument(4)
    let cpu = min(currentCPU, map.cpuCount - 1)
    guard map.kind != .storage, !map.type.isMapOfMaps, let value = value.baseAddress else { return answer(.invalid) }
    return answer { () throws(MapErrno) in try map.update(key, value, flags, cpu: cpu) }
  }

  private func deleteElement() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let key = try key(map, 2)
    return answer { () throws(MapErrno) in try map.delete(key) }
  }

  private func pushElement() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard let value = try input(argument(2), UInt64(map.valueSize)).baseAddress else { return answer(.invalid) }
    let flags = argument(3)
    return answer { () throws(MapErrno) in try map.push(value, flags) }
  }

  private func takeElement(removing: Bool) throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard let room = try output(argument(2), UInt64(map.valueSize)).baseAddress else { return answer(.invalid) }
    return answer { () throws(MapErrno) in try map.peek(room, removing: removing) }
  }

  /// Storage of a task, socket, inode or cgroup, which its address stands for.
  private func storage() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard map.kind == .storage else { throw fault(.badArgument, "\(map.name) is a \(map.type) map, not a storage") }
    let owner = argument(2)
    let (initial, flags) = (argument(3), argument(4))
    guard owner != 0, flags <= 1 else { return 0 }
    let key = withUnsafeBytes(of: owner) { Array($0) }
    if let slot = map.withPointer(key, { map.slot(of: $0) }) { return map.address(slot, cpu: 0) }
    // BPF_LOCAL_STORAGE_GET_F_CREATE
    guard flags == 1 else { return 0 }
    let value = initial == 0 ? nil : try input(initial, UInt64(map.valueSize)).baseAddress
    let result = map.withPointer(key) { key in
      Result { () throws(MapErrno) in try map.settle(key, UpdateMode.any.rawValue) }
    }
    guard case .success(let slot) = result else { return 0 }
    if let value { map.place(slot).copyMemory(from: value, byteCount: map.valueSize) }
    return map.address(slot, cpu: 0)
  }

  private func deleteStorage() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    let key = withUnsafeBytes(of: argument(2)) { Array($0) }
    return map.withPointer(key) { key in answer { () throws(MapErrno) in try map.delete(key) } }
  }

  /// The older cgroup storage: one value, that of the program's cgroup.
  private func localStorage() throws(InterpreterError) -> UInt64 {
    let map = try map(argument(1))
    guard map.kind == .storage else { throw fault(.badArgument, "\(map.name) is a \(map.type) map, not a storage") }
    let key = withUnsafeBytes(of: owner.environment.cgroupID) { Array($0) }
    let result = map.withPointer(key) { key in
      Result { () throws(MapErrno) in try map.settle(key, UpdateMode.any.rawValue) }
    }
    guard case .success(let slot) = result else { throw fault(.outOfMemory, "no room for the cgroup's storage") }
    return map.address(slot, cpu: currentCPU)
  }
}
