// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

/// Reads a whole map in chunks, while others may change it.
///
/// Where the kernel can, a chunk is one batch call: a hash map is then read bucket by bucket, and an entry that stays
/// in the map is given exactly once. The room grows when a bucket does not fit. Elsewhere it goes from key to key. A key
/// that was deleted there leads back to the first one: such restarts are counted, may give entries again, and are
/// limited, so that a map that never stands still ends in an error and not in an endless loop.
struct MapReader: ~Copyable {
  /// What to do with entries that were read.
  enum Mode { case read, take }

  private let map: AnyMap
  private let mode: Mode
  private let keySize: Int
  private let valueSize: Int
  private var keys: UnsafeMutableRawPointer
  private var values: UnsafeMutableRawPointer
  /// Two marks of the kernel's, swapped after each batch; or for key by key, the next key and room for its successor.
  private var position: UnsafeMutableRawPointer
  private var successor: UnsafeMutableRawPointer
  private var capacity: Int
  private var stage = Stage.fresh
  private var given = 0

  /// How often the way through the map began again because the key that it stood on was deleted.
  private(set) var restarts = 0

  private enum Stage { case fresh, batches, keysFresh, keys, done }

  /// - Parameter chunk: entries read at a time; nil for a size that keeps the buffers in the processor's cache.
  init(_ map: AnyMap, mode: Mode = .read, chunk: Int? = nil) throws(BPFError) {
    guard !map.info.type.isKeyless else {
      throw BPFError(.invalid, "reading map \(map.label)", detail: "a \(map.info.type) map has no keys to go through")
    }
    self.map = map
    self.mode = mode
    keySize = map.info.keySize
    valueSize = map.lookupSize
    let chunk = chunk ?? max(256, (512 << 10) / (keySize + valueSize))
    capacity = max(1, min(chunk, map.info.maxEntries))
    keys = .allocate(byteCount: capacity * keySize, alignment: 16)
    values = .allocate(byteCount: capacity * valueSize, alignment: 16)
    position = .allocate(byteCount: max(keySize, 8), alignment: 16)
    successor = .allocate(byteCount: max(keySize, 8), alignment: 16)
  }

  deinit {
    keys.deallocate()
    values.deallocate()
    position.deallocate()
    successor.deallocate()
  }

  /// Elements, keys and values one after the other, each in its own buffer; valid until the next chunk is asked for.
  struct Chunk {
    var keys: UnsafeMutableRawPointer
    var values: UnsafeMutableRawPointer
    var count: Int
  }

  /// The next entries; nil at the end.
  mutating func next() throws(BPFError) -> Chunk? {
    while stage != .done {
      let count = try fill()
      given += count
      if count > 0 { return Chunk(keys: keys, values: values, count: count) }
    }
    return nil
  }

  private mutating func fill() throws(BPFError) -> Int {
    // Elements that come and go can be met beyond the map's size, but not without end.
    guard given <= 4 * map.info.maxEntries + 4096 else { throw unsettled }
    switch stage {
    case .fresh, .batches: return try fillByBatch()
    case .keysFresh, .keys: return try fillByKeys()
    case .done: return 0
    }
  }

  private var unsettled: BPFError {
    BPFError(
      .unsettled, "reading map \(map.label)", detail: "its entries changed faster than Merops could read them",
      hint: "try again, or read the map while fewer entries come and go")
  }
}

// By batches.
extension MapReader {
  private mutating func fillByBatch() throws(BPFError) -> Int {
    if stage == .fresh, !map.batches.load(ordering: .relaxed) {
      stage = .keysFresh
      return 0
    }
    var idle = 0
    while true {
      var count = UInt32(clamping: capacity)
      switch batch(&count) {
      case nil where count == 0:
        // An interrupted batch: the position has not moved.
        idle += 1
        guard idle < 1000 else { throw unsettled }
      case nil:
        stage = .batches
        swap(&position, &successor)
        return Int(count)
      case .some(.noSuchFileOrDirectory):
        stage = .done
        return Int(count)
      case .some(.noSpace):
        try grow()
      case .some(let error):
        guard stage == .fresh, BPFError.meansNoBatches(error) else { throw map.failure("reading", error) }
        map.batches.store(false, ordering: .relaxed)
        stage = .keysFresh
        return 0
      }
    }
  }

  private mutating func batch(_ count: inout UInt32) -> Errno? {
    do {
      try BPFCall.batch(
        mode == .read ? .lookup : .lookupAndDelete, fd: map.descriptor.rawValue,
        position: stage == .fresh ? nil : UnsafeRawPointer(position), next: successor, keys: keys, values: values,
        count: &count)
      return nil
    } catch {
      return error
    }
  }

  /// A bucket holds more entries than there is room for.
  private mutating func grow() throws(BPFError) {
    guard capacity <= 2 * map.info.maxEntries, capacity < 1 << 31 else { throw map.failure("reading", .noSpace) }
    capacity *= 2
    keys.deallocate()
    values.deallocate()
    keys = .allocate(byteCount: capacity * keySize, alignment: 16)
    values = .allocate(byteCount: capacity * valueSize, alignment: 16)
  }
}

// From key to key.
extension MapReader {
  private static let keysPerChunk = 256
  private static let restartLimit = 64

  private mutating func fillByKeys() throws(BPFError) -> Int {
    if stage == .keysFresh {
      stage = .keys
      guard try map.rawNextKey(after: nil, into: position) else {
        stage = .done
        return 0
      }
    }
    var count = 0
    while count < min(capacity, Self.keysPerChunk) {
      // The successor is asked for first: when the value is there afterwards, the key was, so this was no restart.
      let more = try map.rawNextKey(after: position, into: successor)
      if try take(position, into: values + count * valueSize) {
        (keys + count * keySize).copyMemory(from: position, byteCount: keySize)
        count += 1
      } else if more, !map.info.type.isSparse {
        restarts += 1
        guard restarts < Self.restartLimit + map.info.maxEntries / 16 else { throw unsettled }
      }
      guard more else {
        stage = .done
        break
      }
      swap(&position, &successor)
    }
    return count
  }

  private func take(_ key: UnsafeRawPointer, into value: UnsafeMutableRawPointer) throws(BPFError) -> Bool {
    guard mode == .take else { return try map.rawGet(key, into: value) }
    do {
      return try map.rawTake(key, into: value)
    } catch {
      guard error.code == .unsupported else { throw error }
      guard try map.rawGet(key, into: value) else { return false }
      return try map.rawDelete(key)
    }
  }
}

extension MapType {
  /// Whether every index is stepped through although most may be empty.
  var isSparse: Bool {
    [
      .programArray, .perfEventArray, .cgroupArray, .arrayOfMaps, .devmap, .cpumap, .xskmap, .sockmap,
      .reuseportSockarray,
    ].contains(self)
  }
}
