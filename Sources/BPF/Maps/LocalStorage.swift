// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// Values that hang on kernel objects and go away with them: tasks, sockets, cgroups, inodes.
///
/// User space names an object by a descriptor: a pidfd for a task, a socket, a cgroup's directory, any file of an inode.
/// The values cannot be listed.
///
/// - Requires: Linux 5.2 for sockets, 5.10 for inodes, 5.11 for tasks, 6.2 for cgroups
public struct LocalStorage<Value: BitwiseCopyable>: Sendable {
  /// The map as bytes.
  public let map: AnyMap
  private let values: Map<CInt, Value>

  /// Views a map.
  ///
  /// - Throws: `sizeMismatch` where the type's size is not the map's; `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard [.taskStorage, .skStorage, .cgrpStorage, .inodeStorage].contains(map.info.type) else {
      throw BPFError(
        .invalid, "opening map \(map.label)", detail: "a \(map.info.type) map does not store values of kernel objects")
    }
    self.map = map
    values = try Map(map)
  }

  /// The value of an object, or nil.
  ///
  /// - Parameter descriptor: a pidfd, socket, cgroup directory or file; borrowed for the call.
  public func get(_ descriptor: CInt) throws(BPFError) -> Value? { try values.get(descriptor) }

  /// Gives an object a value.
  public func set(_ value: Value, for descriptor: CInt, if mode: UpdateMode = .any) throws(BPFError) {
    try values.set(value, for: descriptor, if: mode)
  }

  /// Takes an object's value away; false when it had none.
  @discardableResult
  public func delete(_ descriptor: CInt) throws(BPFError) -> Bool { try values.delete(descriptor) }
}
