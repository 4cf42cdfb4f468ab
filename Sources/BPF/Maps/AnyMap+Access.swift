// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

// Access through pointers: one system call, no allocation. The caller answers for the sizes.
extension AnyMap {
  /// Copies a value out.
  ///
  /// - Parameters:
  ///   - key: ``MapInfo/keySize`` bytes; nil for maps without keys.
  ///   - value: room for ``lookupSize`` bytes.
  ///   - flags: whether the value's lock is held meanwhile.
  /// - Returns: false when there is no such key.
  public func rawLookup(
    _ key: UnsafeRawPointer?, into value: UnsafeMutableRawPointer, _ flags: LookupFlags = []
  ) throws(BPFError) -> Bool {
    do {
      try BPFCall.lookup(fd: descriptor.rawValue, key: key, value: value, flags: flags.rawValue)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw failure("looking up in", error)
    }
  }

  /// Writes an element.
  ///
  /// - Parameters:
  ///   - key: ``MapInfo/keySize`` bytes; nil for maps without keys.
  ///   - value: ``MapInfo/valueSize`` bytes; for per-CPU maps ``lookupSize``.
  ///   - flags: whether the element may, must or must not be there already.
  /// - Throws: `exists` and `notFound` as the flags ask; `full`.
  public func rawUpdate(
    _ key: UnsafeRawPointer?, _ value: UnsafeRawPointer, _ flags: UpdateFlags = .any
  ) throws(BPFError) {
    do {
      try BPFCall.update(fd: descriptor.rawValue, key: key, value: value, flags: flags.rawValue)
    } catch {
      throw failure("updating", error)
    }
  }

  /// Removes an element.
  ///
  /// - Parameter key: ``MapInfo/keySize`` bytes.
  /// - Returns: false when there is no such key.
  public func rawDelete(_ key: UnsafeRawPointer) throws(BPFError) -> Bool {
    do {
      try BPFCall.delete(fd: descriptor.rawValue, key: key)
      return true
    } catch {
      if error == .noSuchFileOrDirectory { return false }
      throw failure("deleting from", error)
    }
  }

  /// Copies a value out and removes its element, at once as far as other users of the map can see.
  ///
  /// - Requires: Linux 5.14 for hash maps, 4.20 for queues and stacks
  /// - Returns: false when there is no such key, or nothing in the queue.
  public func rawLookupAndDelete(
    _ key: UnsafeRawPointer?, into value: UnsafeMutableRawPointer, _ flags: LookupFlags = []
  ) throws(BPFError) -> Bool {
    do {
      try BPFCall.lookupAndDelete(fd: descriptor.rawValue, key: key, value: value, flags: flags.rawValue)
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

// Access by arrays of bytes, whose sizes are checked.
extension AnyMap {
  /// The value of a key as bytes (see ``lookupSize``), or nil. Queues and stacks take an empty key, and peek.
  public func lookup(_ key: [UInt8], _ flags: LookupFlags = []) throws(BPFError) -> [UInt8]? {
    try reading(key) { (key, value) throws(BPFError) in try rawLookup(key, into: value, flags) }
  }

  /// Writes an element from bytes.
  public func update(_ key: [UInt8], _ value: [UInt8], _ flags: UpdateFlags = .any) throws(BPFError) {
    let expected = info.type.isPerCPU ? lookupSize : info.valueSize
    guard value.count == expected else {
      throw BPFError(
        .sizeMismatch, "updating map \(label)", detail: "the value has \(value.count) bytes, the map's have \(expected)"
      )
    }
    try withPointer(to: key) { (key) throws(BPFError) in try rawUpdate(key, value, flags) }
  }

  /// Removes a key; false when it was not there.
  @discardableResult
  public func delete(_ key: [UInt8]) throws(BPFError) -> Bool {
    try withPointer(to: key) { (key) throws(BPFError) in
      guard let key else { throw BPFError(.invalid, "deleting from map \(label)", detail: "it has no keys") }
      return try rawDelete(key)
    }
  }

  /// Takes a value out of the map, or nil. Queues and stacks take an empty key.
  ///
  /// - Requires: Linux 5.14 for hash maps, 4.20 for queues and stacks
  public func lookupAndDelete(_ key: [UInt8]) throws(BPFError) -> [UInt8]? {
    try reading(key) { (key, value) throws(BPFError) in try rawLookupAndDelete(key, into: value) }
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
    var value = [UInt8](repeating: 0, count: lookupSize)
    let found = try value.withUnsafeMutableBufferPointer { (bytes) throws(BPFError) in
      guard let base = bytes.baseAddress else {
        throw BPFError(.invalid, "reading map \(label)", detail: "its elements have no values")
      }
      return try withPointer(to: key) { (key) throws(BPFError) in try body(key, base) }
    }
    return found ? value : nil
  }
}
