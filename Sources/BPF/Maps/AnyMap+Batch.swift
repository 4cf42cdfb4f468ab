// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import Synchronization
import SystemPackage

// Many elements in few system calls. A kernel, or a kind of map, without batches is served element by element.
extension AnyMap {
  /// Writes many elements.
  ///
  /// - Parameters:
  ///   - keys: `count` keys one after the other.
  ///   - values: `count` values one after the other, each as long as ``rawUpdate(_:_:_:)`` takes it.
  ///   - count: how many there are.
  ///   - flags: whether elements may, must or must not be there already.
  /// - Throws: the first refusal; the message says how many elements had been written by then.
  public func rawUpdate(
    keys: UnsafeRawPointer, values: UnsafeRawPointer, count: Int, _ flags: UpdateFlags = .any
  ) throws(BPFError) {
    let valueSize = info.type.isPerCPU ? lookupSize : info.valueSize
    var done = 0
    while done < count {
      let step = try batch(.update, keys, values, done, count, valueSize, flags.rawValue)
      if let step {
        done += step
      } else {
        for index in done..<count {
          do {
            try rawUpdate(keys + index * info.keySize, values + index * valueSize, flags)
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
  /// - Returns: how many elements it did; nil when there are no batches here.
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
      throw failure(kind == .update ? "updating" : "deleting from", error).after(done + Int(step), of: count)
    }
  }
}

extension BPFError {
  /// Whether a batch command was refused because the kernel, or this kind of map, does not have it.
  static func meansNoBatches(_ errno: Errno) -> Bool {
    errno == .invalidArgument || errno == .notSupported || errno == Code.kernelNotSupported
  }

  /// The same, saying how many of a batch's elements had been done.
  func after(_ done: Int, of count: Int) -> BPFError {
    var copy = self
    copy.detail = "after \(done) of \(count) elements"
    return copy
  }
}
