// SPDX-License-Identifier: Apache-2.0

import BPFSystem
public import BTF
import Synchronization
import SystemPackage

/// What a map's keys and values mean: two types of one BTF object.
public struct MapTypes: Sendable {
  public var types: BTFTypes
  /// Zero (void) for maps without keys.
  public var key: TypeID
  public var value: TypeID

  public init(_ types: BTFTypes, key: TypeID, value: TypeID) {
    self.types = types
    self.key = key
    self.value = value
  }
}

/// Types that are known, or known not to be there, or not asked for yet.
enum KnownTypes: Sendable {
  case unasked, none
  case known(MapTypes)
}

extension AnyMap {
  /// What keys and values mean; nil for a map that was created without type information.
  ///
  /// The types that the creator gave, or else those that the kernel holds, read once.
  ///
  /// - Requires: Linux 4.18
  public func types() throws(BPFError) -> MapTypes? {
    try knownTypes.withLock { (known: inout sending KnownTypes) throws(BPFError) -> MapTypes? in
      switch known {
      case .known(let types): return types
      case .none: return nil
      case .unasked:
        guard let types = try readTypes() else {
          known = .none
          return nil
        }
        known = .known(types)
        return types
      }
    }
  }

  private func readTypes() throws(BPFError) -> MapTypes? {
    if info.kernelValueTypeID != 0 { return try kernelTypes() }
    guard info.btfID != 0 else { return nil }
    let bytes: [UInt8]
    do {
      let btf = try BPFCall.openByID(.btf, info.btfID)
      bytes = try BPFCall.btfBytes(fd: btf.rawValue)
    } catch {
      throw BPFError("reading the types of map \(label)", errno: error, hint: BPFError.hintForIDs(error))
    }
    do {
      let types = try BTFTypes(bytes: bytes)
      return MapTypes(types, key: info.keyTypeID, value: info.valueTypeID)
    } catch {
      throw BPFError(.types, "reading the types of map \(label)", underlying: error)
    }
  }

  /// The type of a struct_ops value is the kernel's, or a module's.
  private func kernelTypes() throws(BPFError) -> MapTypes? {
    let kernel = try KernelTypes.current()
    let module = try kernel.modules().first { $0.id == info.kernelBTFID }
    return MapTypes(module?.types ?? kernel.vmlinux, key: info.keyTypeID, value: info.kernelValueTypeID)
  }
}
