// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// One BTF as CO-RE reads it: decoded types are kept, as programs ask for the same few again and again.
final class TypeView {
  let types: BTFTypes
  private var decoded: [TypeID: BTFType] = [:]

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

  /// This BTF's own types (not its base's) whose name without flavor is that of `name`, and of a kind that fits,
  /// ascending.
  func candidates(_ name: String, kind: BTFKind) -> [TypeID] {
    let essential = COREName.essential(name)
    return types.ids(essentialName: String(essential), includingBase: false).filter { id in
      types.kind(id)?.isCompatible(with: kind) == true
    }.sorted()
  }
}

extension BTFKind {
  /// Whether CO-RE may bind a type of one kind to one of the other: the same, or enumerations of either width.
  func isCompatible(with other: BTFKind) -> Bool { self == other || isEnumeration && other.isEnumeration }
}

extension BTFType {
  var enumeration: BTFEnumeration? { if case .enumeration(let enumeration) = self { enumeration } else { nil } }
}
