// SPDX-License-Identifier: Apache-2.0

import BPFObject

/// Stack traces that programs collected with `bpf_get_stackid`, by their ids.
///
/// - Requires: Linux 4.6
public struct StackTraces: Sendable {
  /// The map as bytes.
  public let map: AnyMap

  /// Whether frames are build ids and offsets instead of addresses (`BPF_F_STACK_BUILD_ID`).
  public var holdsBuildIDs: Bool { map.info.flags.contains(.stackBuildID) }

  /// Views a map.
  ///
  /// - Throws: `invalid` for other kinds of map.
  public init(_ map: AnyMap) throws(BPFError) {
    guard map.info.type == .stackTrace else {
      throw BPFError(.invalid, "opening map \(map.label)", detail: "a \(map.info.type) map holds no stack traces")
    }
    self.map = map
  }

  /// The addresses of a stack, innermost first, or nil when the id is not (any more) there.
  ///
  /// - Parameter id: what `bpf_get_stackid` returned; negative ones are errors and give nil.
  /// - Throws: `invalid` when the map holds build ids.
  public func addresses(_ id: Int32) throws(BPFError) -> [UInt64]? {
    guard !holdsBuildIDs else {
      throw BPFError(
        .invalid, "reading stack \(id) of map \(map.label)", detail: "it holds build ids", hint: "use frames(_:)")
    }
    guard let bytes = try lookup(id) else { return nil }
    let words = bytes.withUnsafeBytes { bytes in
      stride(from: 0, to: bytes.count & ~7, by: 8).map { bytes.loadUnaligned(fromByteOffset: $0, as: UInt64.self) }
    }
    // The kernel clears the rest of the entry: a stack ends at its first zero.
    return Array(words.prefix { $0 != 0 })
  }

  /// The frames of a stack of build ids, innermost first, or nil when the id is not (any more) there.
  public func frames(_ id: Int32) throws(BPFError) -> [Frame]? {
    guard holdsBuildIDs else { return try addresses(id)?.map { .address($0) } }
    guard let bytes = try lookup(id) else { return nil }
    var result: [Frame] = []
    for start in stride(from: 0, to: bytes.count - 31, by: 32) {
      let word = bytes.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: start + 24, as: UInt64.self) }
      switch bytes[start] {  // the low byte of the status
      case 1: result.append(.file(buildID: Array(bytes[start + 4..<start + 24]), offset: word))
      case 2: result.append(.address(word))
      default: return result
      }
    }
    return result
  }

  /// Forgets a stack; false when it was not there.
  @discardableResult
  public func delete(_ id: Int32) throws(BPFError) -> Bool {
    var key = id
    return id < 0 ? false : try map.rawDelete(&key)
  }

  private func lookup(_ id: Int32) throws(BPFError) -> [UInt8]? {
    guard id >= 0 else { return nil }
    return try map.get(withUnsafeBytes(of: id) { Array($0) })
  }

  /// One frame of a stack.
  public enum Frame: Hashable, Sendable {
    /// A place in a file that its build id names (20 bytes, shorter ids padded with zeros): an offset in the file.
    case file(buildID: [UInt8], offset: UInt64)
    /// An address, where no build id was found.
    case address(UInt64)
  }
}
