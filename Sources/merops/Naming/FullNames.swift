// SPDX-License-Identifier: Apache-2.0

import BPF
import BTF

/// Names in full. The kernel keeps 15 bytes of a name; the types that a program or map was loaded with have all of it.
enum FullNames {
  /// BPF_OBJ_NAME_LEN, without the zero byte at the end.
  private static let kept = 15

  /// A program is called as its first function.
  static func name(_ program: Program) -> String {
    guard program.name.utf8.count == kept, let function = try? program.info().functions.first,
      let name = try? program.types()?.name(function.type), name.hasPrefix(program.name)
    else { return program.name }
    return name
  }

  /// A map is called as a variable of section `.maps`; two that begin alike cannot be told apart.
  static func name(_ map: AnyMap) -> String {
    let short = map.info.name
    guard short.utf8.count == kept, map.info.btfID != 0, map.info.kernelValueTypeID == 0,
      let types = try? map.types()?.types, let section = types.id(named: ".maps", kind: .dataSection),
      case .dataSection(let variables)? = try? types.type(section)
    else { return short }
    let names = variables.entries.map { types.name($0.type) }.filter { $0.hasPrefix(short) }
    return names.count == 1 ? names[0] : short
  }

  /// The name of a program that is known by its id; empty when it cannot be opened.
  static func name(program id: UInt32) -> String { id == 0 ? "" : (try? Program(id: id)).map { name($0) } ?? "" }

  /// The programs of that name, by its full length or by what the kernel keeps of it.
  static func programs(named name: String) throws -> [Program] {
    choose(name, among: try Program.named(name)) { self.name($0) }
  }

  static func maps(named name: String) throws -> [AnyMap] {
    let found = try AnyMap.all(named: name).compactMap { try? AnyMap(id: $0.id, access: .readOnly) }
    return choose(name, among: found) { self.name($0) }
  }

  private static func choose<Object>(
    _ name: String, among found: [Object], fullName: (Object) -> String
  ) -> [Object] {
    let named = found.map { (object: $0, name: fullName($0)) }
    let exact = named.filter { $0.name == name }
    if !exact.isEmpty { return exact.map(\.object) }
    // A short name means all that begin so; a long one can only mean what may be called so.
    return named.filter { name.utf8.count <= kept || $0.name.utf8.count <= kept }.map(\.object)
  }
}
