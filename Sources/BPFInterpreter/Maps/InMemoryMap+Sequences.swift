// SPDX-License-Identifier: Apache-2.0

// Maps without keys: queues, stacks, bloom filters.
extension InMemoryMap {
  func push(_ value: UnsafeRawPointer, _ flags: UInt64) throws(MapErrno) {
    switch kind {
    case .queue, .stack:
      guard flags == UpdateMode.any.rawValue || flags == UpdateMode.present.rawValue else { throw .invalid }
      if sequence.count >= maxEntries {
        guard flags == UpdateMode.present.rawValue, !sequence.isEmpty else { throw .tooBig }
        freeSlots.append(sequence.removeFirst())
      }
      let slot = freeSlots.popLast() ?? sequence.count
      guard slot < capacity || makeRoom(min(max(16, slot * 2), maxEntries)) else { throw .noMemory }
      place(slot).copyMemory(from: value, byteCount: valueSize)
      sequence.append(slot)
    case .bloom:
      guard flags == UpdateMode.any.rawValue else { throw .invalid }
      if index.find(value) == nil { _ = index.insert(value) }
    default: throw .invalid
    }
  }

  /// Copies the value that is next into `room`.
  func peek(_ room: UnsafeMutableRawPointer, removing: Bool) throws(MapErrno) {
    switch kind {
    case .queue, .stack:
      guard let slot = kind == .queue ? sequence.first : sequence.last else {
        room.initializeMemory(as: UInt8.self, repeating: 0, count: valueSize)
        throw .noEntry
      }
      room.copyMemory(from: place(slot), byteCount: valueSize)
      guard removing else { return }
      if kind == .queue { sequence.removeFirst() } else { sequence.removeLast() }
      freeSlots.append(slot)
    case .bloom:
      guard !removing else { throw .notSupported }
      guard index.find(room) != nil else { throw .noEntry }
    default: throw .invalid
    }
  }
}

// Rings: a record takes its bytes rounded up to eight and eight for its header.
extension InMemoryMap {
  static func ringBytes(_ size: Int) -> Int { (size + 7) / 8 * 8 + 8 }

  /// Takes room for a record; false if there is none.
  func takeRoom(_ size: Int) -> Bool {
    let bytes = InMemoryMap.ringBytes(size)
    // A perf buffer's size is user space's choice: here as much as would fit in 4 MiB.
    guard bytes <= (kind == .perf ? 4 << 20 : maxEntries) - usedBytes else {
      lostCount += 1
      return false
    }
    usedBytes += bytes
    return true
  }

  func send(_ bytes: [UInt8], cpu: Int) { sent.append(Record(bytes: bytes, cpu: cpu)) }

  func giveBack(_ size: Int) { usedBytes = max(0, usedBytes - InMemoryMap.ringBytes(size)) }
}
