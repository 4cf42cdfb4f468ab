// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// An array or hash map whose values are maps of one shape. Programs look a map up, then look up in it; user space swaps
/// whole maps in one step.
///
/// - Requires: Linux 4.12
public struct MapOfMaps<Key: BitwiseCopyable>: Sendable {
  /// The outer map as bytes.
  public let map: AnyMap
  private let ids: Map<Key, UInt32>

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where the key's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type.isMapOfMaps else {
      throw BPFError(.invalid, "opening map \(map.label)", detail: "a \(map.info.type) map holds no maps")
    }
    self.map = map
    ids = try Map(map)
  }

  /// Creates a map of maps.
  ///
  /// - Parameters:
  ///   - type: an array or a hash of maps.
  ///   - name: at most 15 bytes are kept by the kernel.
  ///   - maxEntries: the most maps it can hold.
  ///   - inner: a map that all inner maps must be like; it may be closed afterwards.
  ///   - flags: the map's.
  public init(
    creating type: MapType, name: String = "", maxEntries: Int, like inner: AnyMap, flags: MapFlags = []
  ) throws(BPFError) {
    try self.init(
      AnyMap(
        creating: MapParameters(
          type, name: name, keySize: MemoryLayout<Key>.stride, valueSize: 4, maxEntries: maxEntries, flags: flags),
        inner: inner))
  }

  /// The id of the map under a key, or nil.
  public func id(_ key: Key) throws(BPFError) -> UInt32? { try ids.get(key) }

  /// The map under a key, opened, or nil.
  public func get(_ key: Key) throws(BPFError) -> AnyMap? {
    guard let id = try ids.get(key) else { return nil }
    do {
      return try AnyMap(id: id)
    } catch {
      // Replaced, and gone, between the two calls: what stands there now is the answer.
      guard error.code == .notFound, let now = try ids.get(key), now != id else { throw error }
      return try AnyMap(id: now)
    }
  }

  /// Puts a map under a key. Returns when no program uses the previous map of the key any more.
  public func set(_ inner: AnyMap, for key: Key, if mode: UpdateMode = .any) throws(BPFError) {
    try Map<Key, CInt>(map).set(inner.fd, for: key, if: mode)
  }

  /// Removes the map under a key; false when there was none.
  @discardableResult
  public func delete(_ key: Key) throws(BPFError) -> Bool { try ids.delete(key) }

  /// All keys and the ids of their maps.
  public func entries() throws(BPFError) -> [(key: Key, value: UInt32)] { try ids.entries() }
}
