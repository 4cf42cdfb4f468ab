// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BPFSystem
import SystemPackage

extension AnyMap {
  /// Why the kernel refused to read or change an entry: found out by looking, since one errno stands for many causes.
  ///
  /// - Parameter key: ``MapInfo/keySize`` bytes; nil for maps without keys.
  func refusal(_ action: String, _ errno: Errno, key: UnsafeRawPointer?) -> BPFError {
    let context = "\(action) map \(label)"
    func error(_ code: BPFError.Code, _ detail: String, hint: String? = nil) -> BPFError {
      BPFError(code, context, errno: errno, detail: detail, hint: hint)
    }
    let reads = action.hasPrefix("looking")
    switch errno {
    case .notPermitted where reads && (info.flags.contains(.writeOnly) || !descriptor.isReadable):
      return error(.permission, "it is open for writing only", hint: "open it with access .readWrite")
    case .notPermitted where reads: break
    case .notPermitted where !descriptor.isWritable:
      return error(.permission, "it is open for reading only", hint: "open it with access .readWrite")
    case .notPermitted where info.flags.contains(.readOnly):
      return error(.permission, "it was created as read-only for user space", hint: "programs can write it")
    case .notPermitted where (try? usage())?.isFrozen == true:
      return error(
        .permission, "it is frozen, so nobody can change it any more",
        hint: "for another value, load its object again with that value")
    case .argListTooLong where info.type.isIndexed:
      guard let key, info.keySize == 4 else { break }
      let index = key.loadUnaligned(as: UInt32.self)
      guard index >= info.maxEntries else { break }
      return error(.invalid, "index \(index) is beyond its last, \(info.maxEntries - 1)")
    case .invalidArgument where info.type.isArray && action.hasPrefix("deleting"):
      return error(.invalid, "the entries of an array cannot be removed", hint: "set the entry to zero instead")
    case .invalidArgument where info.type == .lpmTrie:
      guard let key, info.keySize > 4 else { break }
      let (bits, most) = (key.loadUnaligned(as: UInt32.self), 8 * (info.keySize - 4))
      guard bits > most else { break }
      return error(.invalid, "a prefix of its keys has at most \(most) bits, not \(bits)")
    case .fileExists where info.type.isArray:
      return error(.exists, "an array has every one of its entries from the start")
    case .noSpace where info.type == .lpmTrie: return BPFError(.full, context, errno: errno)
    default: break
    }
    return failure(action, errno)
  }
}

extension MapType {
  /// Whether keys are indexes from zero to the number of entries.
  fileprivate var isIndexed: Bool {
    isArray
      || [
        .programArray, .perfEventArray, .cgroupArray, .arrayOfMaps, .devmap, .cpumap, .xskmap, .sockmap,
        .reuseportSockarray,
      ].contains(self)
  }
}
