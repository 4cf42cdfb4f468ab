// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// One BTF as CO-RE reads it: decoded types are kept, as programs ask for the same few again and again.
final class TypeView {
  let types: BTFTypes
  private var decoded: [TypeID: BTFType] = [:]

  /// The names with a flavor in this BTF's own strings, by their essential part.
  private lazy var flavors = Dictionary(grouping: types.strings(containing: "___"), by: { COREName.essential($0) })

  init(_ types: BTFTypes) { self.types = types }

  func type(_ id: TypeID) throws(COREError.Reason) -> BTFType {
    if let type = decoded[id] { return type }
    do throws(BTFError) {
      let type = try types.type(id)
      decoded[id] = type
      return type
    } catch {
      throw .types(error)
    }
  }

  /// The type behind typedefs and qualifiers, and its id.
  func resolved(_ id: TypeID) throws(COREError.Reason) -> (id: TypeID, type: BTFType) {
    let target: TypeID
    do throws(BTFError) { target = try types.resolved(id) } catch { throw .types(error) }
    return (target, try type(target))
  }

  func size(of id: TypeID) throws(COREError.Reason) -> Int {
    do throws(BTFError) { return try types.size(of: id) } catch { throw .types(error) }
  }

  /// This BTF's own types (not its base's) of a name, flavors of it included, and of a kind that fits, ascending.
  func candidates(_ name: String, kind: BTFKind, base: TypeView?) -> [TypeID] {
    let essential = COREName.essential(name)
    var names = [String(essential)]
    names += flavors[essential] ?? []
    if let base { names += base.flavors[essential] ?? [] }
    var ids: Set<TypeID> = []
    for name in names {
      for id in types.ids(named: name) where id >= types.firstID {
        if let other = types.kind(id), other.isCompatible(with: kind) { ids.insert(id) }
      }
    }
    return ids.sorted()
  }
}

extension BTFKind {
  /// Whether CO-RE may bind a type of one kind to one of the other: the same, or enumerations of either width.
  func isCompatible(with other: BTFKind) -> Bool { self == other || isEnumeration && other.isEnumeration }
}

extension BTFType {
  var enumeration: BTFEnumeration? { if case .enumeration(let enumeration) = self { enumeration } else { nil } }
}
