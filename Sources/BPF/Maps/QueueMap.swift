// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// A queue (first in, first out) or a stack (last in, first out) in the kernel.
///
/// - Requires: Linux 4.20
public struct QueueMap<Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let layout: MapLayout

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where the type's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type == .queue || map.info.type == .stack else {
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map is neither a queue nor a stack")
    }
    self.map = map
    layout = try map.valueLayout(of: Value.self, size: map.info.valueSize)
  }

  /// Creates a queue, or a stack.
  public init(
    creating type: MapType = .queue, name: String = "", maxEntries: Int, flags: MapFlags = []
  ) throws(BPFError) {
    try self.init(
      AnyMap(
        creating: MapParameters(
          type, name: name, keySize: 0, valueSize: MemoryLayout<Value>.stride, maxEntries: maxEntries, flags: flags)))
  }

  /// Adds a value.
  ///
  /// - Parameters:
  ///   - value: what is put in.
  ///   - replacesOldest: when it is full, push the oldest value out.
  /// - Throws: `full`.
  public func push(_ value: Value, replacesOldest: Bool = false) throws(BPFError) {
    try layout.withBytes(of: value) { (value) throws(BPFError) in
      try map.rawSet(value, for: nil, if: replacesOldest ? .present : .any)
    }
  }

  /// Takes the next value out; nil when there is none.
  public func pop() throws(BPFError) -> Value? {
    try reading { (room) throws(BPFError) in try map.rawTake(nil, into: room) }
  }

  /// The next value, which stays; nil when there is none.
  public func peek() throws(BPFError) -> Value? {
    try reading { (room) throws(BPFError) in try map.rawGet(nil, into: room) }
  }

  private func reading(_ body: (UnsafeMutableRawPointer) throws(BPFError) -> Bool) throws(BPFError) -> Value? {
    try withRoom(for: Value.self) { (room) throws(BPFError) -> Value? in
      guard let start = room.baseAddress, try body(start) else { return nil }
      return start.load(as: Value.self)
    }
  }
}
