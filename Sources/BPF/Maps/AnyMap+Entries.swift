// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import Synchronization
import SystemPackage

// One entry through pointers: one system call, no allocation. The caller answers for the sizes.
extension AnyMap {
  /// `BPF_F_LOCK`
  private static let lock: UInt64 = 4

  /// Copies a value out.
  ///
  /// - Parameters:
  ///   - key: ``MapInfo/keySize`` bytes; nil for maps without keys.
  ///   - value: room for ``lookupSize`` bytes.
  ///   - locked: whether the kernel holds the value's `bpf_spin_lock` meanwhile (`BPF_F_LOCK`), so that no half-written
  ///     value is seen.
  /// - Returns: false when there is no such key.
  public func rawGet(
    _ key: UnsafeRawPointer?, into value: UnsafeMutableRawPointer, locked: Bool = false
  ) throws(BPFError) -> Bool {
    do {
      try BPFCall.lookup(fd: descriptor.rawValue, key: key, value: value, flags: locked ? Self.lock : 0)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw refusal("looking up in", error, key: key)
    }
  }

  /// Sets the value of a key.
  ///
  /// - Parameters:
  ///   - value: ``MapInfo/valueSize`` bytes; for per-CPU maps ``lookupSize``.
  ///   - key: ``MapInfo/keySize`` bytes; nil for maps without keys.
  ///   - mode: whether the key may, must or must not be in the map. In queues and stacks ``UpdateMode/present`` makes room
  ///     by dropping the oldest value.
  ///   - locked: whether the kernel holds the value's `bpf_spin_lock` meanwhile (`BPF_F_LOCK`).
  /// - Throws: `exists` and `notFound` as the mode asks; `full`.
  public func rawSet(
    _ value: UnsafeRawPointer, for key: UnsafeRawPointer?, if mode: UpdateMode = .any, locked: Bool = false
  ) throws(BPFError) {
    do {
      let flags = mode.rawValue | (locked ? Self.lock : 0)
      try BPFCall.update(fd: descriptor.rawValue, key: key, value: value, flags: flags)
    } catch {
      throw refusal("updating", error, key: key)
    }
  }

  /// Removes an entry.
  ///
  /// - Parameter key: ``MapInfo/keySize`` bytes.
  /// - Returns: false when there is no such key.
  public func rawDelete(_ key: UnsafeRawPointer) throws(BPFError) -> Bool {
    do {
      try BPFCall.delete(fd: descriptor.rawValue, key: key)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw refusal("deleting from", error, key: key)
    }
  }

  /// Copies a value out and removes its entry, at once as far as other users of the map can see.
  ///
  /// - Requires: Linux 5.14 for hash maps, 4.20 for queues and stacks
  /// - Returns: false when there is no such key, or nothing in the queue.
  public func rawTake(_ key: UnsafeRawPointer?, into value: UnsafeMutableRawPointer) throws(BPFError) -> Bool {
    do {
      try BPFCall.lookupAndDelete(fd: descriptor.rawValue, key: key, value: value)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw failure("taking from", error, requires: info.type.takingNeeds)
    }
  }

  /// The key that follows another in the kernel's order.
  ///
  /// A key that is not in the map (any more) is followed by the *first* one. ``forEach(_:)`` knows how to live with that.
  ///
  /// - Parameters:
  ///   - key: nil for the first key.
  ///   - next: room for ``MapInfo/keySize`` bytes.
  /// - Returns: false after the last key.
  public func rawNextKey(
    after key: UnsafeRawPointer?, into next: UnsafeMutableRawPointer
  ) throws(BPFError) -> Bool {
    do {
      try BPFCall.nextKey(fd: descriptor.rawValue, after: key, into: next)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw failure("stepping through", error)
    }
  }
}

extension MapType {
  /// The first kernel that looks up and deletes in one call; nil for kinds that never do.
  var takingNeeds: String? {
    switch self {
    case .hash, .perCPUHash, .lruHash, .lruPerCPUHash: "5.14"
    case .queue, .stack: "4.20"
    default: nil
    }
  }
}

// One entry as arrays of bytes, whose sizes are checked.
extension AnyMap {
  /// The value of a key as bytes (see ``lookupSize``), or nil. Queues and stacks take an empty key, and peek.
  public func get(_ key: [UInt8], locked: Bool = false) throws(BPFError) -> [UInt8]? {
    try reading(key) { (key, value) throws(BPFError) in try rawGet(key, into: value, locked: locked) }
  }

  /// Sets the value of a key, as bytes.
  public func set(
    _ value: [UInt8], for key: [UInt8], if mode: UpdateMode = .any, locked: Bool = false
  ) throws(BPFError) {
    let expected = info.type.isPerCPU ? lookupSize : info.valueSize
    guard value.count == expected else {
      throw BPFError(
        .sizeMismatch, "updating map \(label)", detail: "the value has \(value.count) bytes, the map's have \(expected)"
      )
    }
    try withPointer(to: key) { (key) throws(BPFError) in try rawSet(value, for: key, if: mode, locked: locked) }
  }

  /// Removes a key; false when it was not there.
  @discardableResult
  public func delete(_ key: [UInt8]) throws(BPFError) -> Bool {
    try withPointer(to: key) { (key) throws(BPFError) in
      guard let key else {
        throw BPFError(.invalid, "deleting from map \(label)", detail: "a \(info.type) map has no keys")
      }
      return try rawDelete(key)
    }
  }

  /// Takes a value out of the map, or nil. Queues and stacks take an empty key.
  ///
  /// - Requires: Linux 5.14 for hash maps, 4.20 for queues and stacks
  public func take(_ key: [UInt8]) throws(BPFError) -> [UInt8]? {
    try reading(key) { (key, value) throws(BPFError) in try rawTake(key, into: value) }
  }

  /// Lends a checked key; nil for maps without keys, as the kernel wants it.
  private func withPointer<Result>(
    to key: [UInt8], _ body: (UnsafeRawPointer?) throws(BPFError) -> Result
  ) throws(BPFError) -> Result {
    guard key.count == info.keySize else {
      throw BPFError(
        .sizeMismatch, "using map \(label)", detail: "the key has \(key.count) bytes, the map's have \(info.keySize)")
    }
    return try key.withUnsafeBufferPointer { (bytes) throws(BPFError) in
      try body(bytes.isEmpty ? nil : bytes.baseAddress)
    }
  }

  private func reading(
    _ key: [UInt8], _ body: (UnsafeRawPointer?, UnsafeMutableRawPointer) throws(BPFError) -> Bool
  ) throws(BPFError) -> [UInt8]? {
    guard info.type != .bloomFilter else {
      throw BPFError(
        .invalid, "reading map \(label)", detail: "a bloom filter gives no values away",
        hint: "ask it for one with BloomFilterMap or MapCodec")
    }
    var value = [UInt8](repeating: 0, count: lookupSize)
    let found = try value.withUnsafeMutableBufferPointer { (bytes) throws(BPFError) in
      guard let base = bytes.baseAddress else {
        throw BPFError(.invalid, "reading map \(label)", detail: "its entries have no values")
      }
      return try withPointer(to: key) { (key) throws(BPFError) in try body(key, base) }
    }
    return found ? value : nil
  }
}

// Many entries in few system calls. Map types without batches are served entry by entry.
extension AnyMap {
  /// Sets the values of many keys.
  ///
  /// - Parameters:
  ///   - values: `count` values one after the other, each as long as ``rawSet(_:for:if:locked:)`` takes it.
  ///   - keys: `count` keys one after the other.
  ///   - count: how many there are.
  ///   - mode: whether the keys may, must or must not be in the map.
  /// - Throws: the kernel's first error, with the number of entries that were written before it.
  public func rawSet(
    values: UnsafeRawPointer, forKeys keys: UnsafeRawPointer, count: Int, if mode: UpdateMode = .any
  ) throws(BPFError) {
    let valueSize = info.type.isPerCPU ? lookupSize : info.valueSize
    var done = 0
    while done < count {
      let step = try batch(.update, keys, values, done, count, valueSize, mode.rawValue)
      if let step {
        done += step
      } else {
        for index in done..<count {
          do {
            try rawSet(values + index * valueSize, for: keys + index * info.keySize, if: mode)
          } catch {
            throw error.after(index, of: count)
          }
        }
        done = count
      }
    }
  }

  /// Removes many keys; those that are absent are passed over.
  ///
  /// - Parameters:
  ///   - keys: `count` keys one after the other.
  ///   - count: how many there are.
  /// - Returns: how many were there.
  @discardableResult
  public func rawDelete(keys: UnsafeRawPointer, count: Int) throws(BPFError) -> Int {
    var next = 0
    var deleted = 0
    while next < count {
      if let step = try batch(.delete, keys, nil, next, count, 0, 0) {
        deleted += step
        // The batch stops before an absent key.
        next += next + step < count ? step + 1 : step
      } else {
        while next < count {
          if try rawDelete(keys + next * info.keySize) { deleted += 1 }
          next += 1
        }
      }
    }
    return deleted
  }

  /// Makes one batch call for what is left.
  ///
  /// - Returns: how many entries it did; nil when there are no batches here.
  private func batch(
    _ kind: MapBatch, _ keys: UnsafeRawPointer, _ values: UnsafeRawPointer?, _ done: Int, _ count: Int,
    _ valueSize: Int, _ flags: UInt64
  ) throws(BPFError) -> Int? {
    guard batches.load(ordering: .relaxed) else { return nil }
    let asked = UInt32(clamping: count - done)
    var step = asked
    do {
      try BPFCall.batch(
        kind, fd: descriptor.rawValue, keys: keys + done * info.keySize, values: values.map { $0 + done * valueSize },
        count: &step, elementFlags: flags)
      return Int(step)
    } catch {
      // A call that is refused as a whole does not touch the count.
      if BPFError.meansNoBatches(error), step == asked || step == 0 {
        return nil
      }
      if kind == .delete, error == .noSuchFileOrDirectory { return Int(step) }
      let refused = done + Int(step)
      throw refusal(
        kind == .update ? "updating" : "deleting from", error,
        key: refused < count ? keys + refused * info.keySize : nil
      ).after(refused, of: count)
    }
  }
}

extension BPFError {
  /// Whether a batch command was refused because the kernel, or this kind of map, does not have it.
  static func meansNoBatches(_ errno: Errno) -> Bool {
    errno == .invalidArgument || errno == .notSupported || errno == Code.kernelNotSupported
  }

  /// The same error, with the number of a batch's entries that were done before it.
  func after(_ done: Int, of count: Int) -> BPFError {
    var copy = self
    copy.detail = (detail.map { "\($0); " } ?? "") + "\(done) of \(count) entries were done before"
    return copy
  }
}

// The whole map.
extension AnyMap {
  /// Calls `body` with each entry's bytes; they are valid only during the call.
  ///
  /// Other users may change the map meanwhile, and so may `body`: `body` is called exactly once for an entry that stays where the
  /// kernel reads in batches (hash maps and arrays), at least once elsewhere.
  ///
  /// - Throws: what `body` throws; ``BPFError``, with `unsettled` when the map changes faster than it can be read.
  public func forEach(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> Void
  ) throws {
    var reader = try MapReader(self)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        try body(
          UnsafeRawBufferPointer(start: chunk.keys + index * info.keySize, count: info.keySize),
          UnsafeRawBufferPointer(start: chunk.values + index * lookupSize, count: lookupSize))
      }
    }
  }

  /// All entries, as they were met one after the other (the kernel takes no snapshots).
  public func entries() throws(BPFError) -> [(key: [UInt8], value: [UInt8])] {
    var result: [(key: [UInt8], value: [UInt8])] = []
    var reader = try MapReader(self)
    while let chunk = try reader.next() {
      for index in 0..<chunk.count {
        result.append(
          (
            Array(UnsafeRawBufferPointer(start: chunk.keys + index * info.keySize, count: info.keySize)),
            Array(UnsafeRawBufferPointer(start: chunk.values + index * lookupSize, count: lookupSize))
          ))
      }
    }
    return result
  }

  /// All keys. Works for maps whose values user space cannot read, too.
  ///
  /// - Throws: `unsettled` when more keys are met than a settled map could have.
  public func keys() throws(BPFError) -> [[UInt8]] {
    var result: [[UInt8]] = []
    var key = [UInt8](repeating: 0, count: info.keySize)
    guard try stepKey(after: nil, &key) else { return [] }
    repeat {
      result.append(key)
      guard result.count <= 2 * info.maxEntries + 1024 else {
        throw BPFError(.unsettled, "reading the keys of map \(label)", hint: "try again")
      }
    } while try stepKey(after: result.last, &key)
    return result
  }

  private func stepKey(after previous: [UInt8]?, _ key: inout [UInt8]) throws(BPFError) -> Bool {
    guard !info.type.isKeyless else {
      throw BPFError(.invalid, "reading map \(label)", detail: "a \(info.type) map has no keys to go through")
    }
    return try key.withUnsafeMutableBufferPointer { (next) throws(BPFError) in
      guard let next = next.baseAddress else { return false }
      guard let previous else { return try rawNextKey(after: nil, into: next) }
      return try rawNextKey(after: previous, into: next)
    }
  }

  /// How many entries it holds: all are read and counted.
  public func count() throws(BPFError) -> Int {
    var total = 0
    var reader = try MapReader(self)
    while let chunk = try reader.next() { total += chunk.count }
    return total
  }

  /// Takes all entries out.
  ///
  /// - Returns: how many were removed.
  /// - Throws: `invalid` for arrays, whose entries cannot be removed.
  @discardableResult
  public func removeAll() throws(BPFError) -> Int {
    guard !info.type.isArray else {
      throw BPFError(.invalid, "emptying map \(label)", detail: "the entries of an array cannot be removed")
    }
    var total = 0
    var reader = try MapReader(self, mode: .take)
    while let chunk = try reader.next() { total += chunk.count }
    return total
  }
}
