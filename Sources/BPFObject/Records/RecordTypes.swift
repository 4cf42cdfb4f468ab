// SPDX-License-Identifier: Apache-2.0

public import BTF

/// Which type the records of each ring buffer and perf event array have.
///
/// C has no place to say it, so it is looked for, in this order: what the map's definition says
/// (``MapSpec/recordType``); a typedef `MAP__record`, which objects made from Swift have; a struct of the size that programs reserve or output, the one named like the map if there are
/// several (`exec_events` and `exec_event`), otherwise the last, which is the author's own rather than a header's; a
/// struct named like the map; and, where only one map has records, what a global `..unused..` points to, as in
/// `const struct event *unused __attribute__((unused))`.
public struct RecordTypes: Sendable {
  private var types: [String: TypeID] = [:]

  /// The sizes of the records that programs write to each map, where they are constants.
  public private(set) var sizes: [String: Set<Int>] = [:]

  public init(_ spec: ObjectSpec) {
    let maps = spec.maps.filter { $0.section == .user && $0.type.hasRecords }
    guard let btf = spec.types, !maps.isEmpty else { return }
    sizes = Self.sizes(spec)
    var structs: [(id: TypeID, name: String, size: Int)] = []
    for id in btf.ids where btf.kind(id) == .structure && !btf.name(id).isEmpty {
      guard let size = try? btf.size(of: id), size > 0 else { continue }
      structs.append((id, btf.name(id), size))
    }
    for map in maps {
      types[map.name] = map.recordType ?? Self.declared(map.name, btf)
      guard types[map.name] == nil else { continue }
      let sizes = sizes[map.name] ?? []
      // Records of several sizes have several types.
      guard sizes.count <= 1 else { continue }
      let candidates = sizes.first.map { size in structs.filter { $0.size == size } } ?? []
      let named = (sizes.isEmpty ? structs : candidates).last { Self.key($0.name) == Self.key(map.name) }
      types[map.name] = named?.id ?? candidates.last?.id ?? (maps.count == 1 ? Self.unused(spec, btf) : nil)
    }
  }

  /// The type of a map's records; nil where nothing states it, or where there are several.
  public subscript(map name: String) -> TypeID? { types[name] }

  /// What the typedef `MAP__record` stands for.
  private static func declared(_ map: String, _ btf: BTFTypes) -> TypeID? {
    for id in btf.ids(named: "\(map)__record") {
      if case .typedef(_, let target)? = try? btf.type(id) { return target }
    }
    return nil
  }

  /// A name without case, underscores and plural.
  private static func key(_ name: String) -> String {
    let letters = name.lowercased().filter { $0 != "_" }
    return letters.hasSuffix("s") ? String(letters.dropLast()) : letters
  }

  /// What a global pointer says that exists only to keep a type in the object.
  private static func unused(_ spec: ObjectSpec, _ btf: BTFTypes) -> TypeID? {
    for map in spec.maps where map.section.isData {
      for variable in map.variables where variable.name.contains("unused") {
        guard let type = variable.type, let end = try? btf.resolved(type),
          case .pointer(let target)? = try? btf.type(end),
          let pointee = try? btf.resolved(target), btf.kind(pointee) == .structure
        else { continue }
        return pointee
      }
    }
    return nil
  }
}

extension MapType {
  /// Whether programs send records to user space through it.
  public var hasRecords: Bool { self == .ringBuffer || self == .perfEventArray }
}
