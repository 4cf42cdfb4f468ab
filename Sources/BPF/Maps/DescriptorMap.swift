// SPDX-License-Identifier: Apache-2.0

public import BPFObject

/// A map that is filled with descriptors: program arrays (tail calls), perf event arrays, cgroup arrays, socket maps and
/// hashes, AF_XDP socket maps, reuseport arrays.
///
/// The kernel takes a reference of its own to what the descriptor stands for, so the descriptor may be closed after. A
/// program array is emptied when the last *user* of it closes (its last descriptor and pin), whatever programs use it.
public struct DescriptorMap<Key: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let layout: MapLayout

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where the key's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type.holdsDescriptors, !map.info.type.isMapOfMaps else {
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map holds no descriptors",
        hint: map.info.type.isMapOfMaps ? "use MapOfMaps" : "use Map")
    }
    self.map = map
    layout = try map.keyLayout(of: Key.self)
  }

  /// Creates a map.
  ///
  /// - Parameters:
  ///   - type: a kind of map that holds descriptors.
  ///   - name: at most 15 bytes are kept by the kernel.
  ///   - maxEntries: the most entries it can hold.
  ///   - valueSize: 4; socket maps and reuseport arrays may have 8, to let user space read cookies.
  ///   - flags: the map's.
  public init(
    creating type: MapType, name: String = "", maxEntries: Int, valueSize: Int? = nil, flags: MapFlags = []
  ) throws(BPFError) {
    let usual = [.sockmap, .sockhash, .reuseportSockarray].contains(type) ? 8 : 4
    try self.init(
      AnyMap(
        creating: MapParameters(
          type, name: name, keySize: MemoryLayout<Key>.stride, valueSize: valueSize ?? usual, maxEntries: maxEntries,
          flags: flags)))
  }

  /// Puts what a descriptor stands for under a key.
  ///
  /// - Parameters:
  ///   - descriptor: of a program, perf event, cgroup directory or socket; borrowed for the call.
  ///   - key: where it is put.
  ///   - mode: whether the key may, must or must not be in the map.
  public func set(descriptor: CInt, for key: Key, if mode: UpdateMode = .any) throws(BPFError) {
    // Eight bytes serve both value sizes on a little-endian machine, where all supported ones are.
    var value = UInt64(UInt32(bitPattern: descriptor)).littleEndian
    try layout.withBytes(of: key) { (key) throws(BPFError) in try map.rawSet(&value, for: key, if: mode) }
  }

  /// Removes what is under a key; false when there was nothing.
  @discardableResult
  public func delete(_ key: Key) throws(BPFError) -> Bool {
    try layout.withBytes(of: key) { (key) throws(BPFError) in try map.rawDelete(key) }
  }

  /// What the kernel reports for a key, or nil: a program's id, a socket's cookie.
  ///
  /// - Throws: `unsupported` for perf event, cgroup and AF_XDP maps, which cannot be read.
  public func id(_ key: Key) throws(BPFError) -> UInt64? {
    try withRoom(byteCount: max(map.lookupSize, 8)) {
      (room) throws(BPFError) -> UInt64? in
      room.initializeMemory(as: UInt8.self, repeating: 0)
      guard let start = room.baseAddress,
        try layout.withBytes(of: key, { (key) throws(BPFError) in try map.rawGet(key, into: start) })
      else { return nil }
      return UInt64(littleEndian: start.load(as: UInt64.self))
    }
  }
}

extension DescriptorMap {
  /// Puts a program under a key, for tail calls.
  public func set(_ program: Program, for key: Key, if mode: UpdateMode = .any) throws(BPFError) {
    try set(descriptor: program.fd, for: key, if: mode)
  }
}
