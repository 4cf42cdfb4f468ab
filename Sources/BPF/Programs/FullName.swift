// SPDX-License-Identifier: Apache-2.0

import BPFSystem
import BTF

/// Names in full, from an object's own types: the kernel keeps 15 bytes.
///
/// Types are read only where a name fills the 15 bytes, as bpftool does. Without the privilege to read them, or without
/// types, the kernel's name is all there is.
enum FullName {
  private static let kept = 15

  /// A program's: the name of its first function.
  static func program(_ info: ProgramInformation, fd: CInt) -> String {
    guard info.name.utf8.count == kept, info.btfID != 0,
      let records = try? BPFCall.programInformation(fd: fd, arrays: .functions),
      let first = ProgramInfo(records).functions.first, let types = types(info.btfID),
      types.kind(first.type) == .function
    else { return info.name }
    return extended(info.name, [types.name(first.type)])
  }

  /// A map's: the name of the variable that declares it, in the types' `.maps` section.
  static func map(_ info: MapInformation) -> String {
    guard info.name.utf8.count == kept, info.btfID != 0, let types = types(info.btfID),
      let section = types.id(named: ".maps", kind: .dataSection),
      case .dataSection(let maps)? = try? types.type(section)
    else { return info.name }
    return extended(info.name, maps.entries.map { types.name($0.type) })
  }

  /// The only candidate that the kernel would have cut to the name; the name itself where there is none or several.
  private static func extended(_ name: String, _ candidates: [String]) -> String {
    let fitting = candidates.filter { BPFCall.objectName($0) == name }
    return fitting.count == 1 ? fitting[0] : name
  }

  private static func types(_ id: UInt32) -> BTFTypes? {
    guard let descriptor = try? BPFCall.openByID(.btf, id), let bytes = try? BPFCall.btfBytes(fd: descriptor.rawValue)
    else { return nil }
    return try? BTFTypes(bytes: bytes)
  }

  /// Whether a name that somebody asks for is this object's.
  ///
  /// - Parameters:
  ///   - full: the object's name as far as it is known.
  ///   - kept: what the kernel keeps of the name.
  static func matches(_ name: String, full: String, kept: String) -> Bool {
    name == full || name == kept || full == kept && kept == BPFCall.objectName(name)
  }
}
