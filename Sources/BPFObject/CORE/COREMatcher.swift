// SPDX-License-Identifier: Apache-2.0

internal import BTF

/// Finds in a type of the kernel what a relocation asks for.
///
/// Each search has a budget of steps, as types made to be hostile can have more paths than atoms in the universe.
///
/// Source: `bpf_core_spec_match` and what it calls, in libbpf's `relo_core.c`.
struct COREMatcher {
  let kind: COREKind
  let local: COREPath
  let target: TypeView
  private var budget = 1 << 20

  init(_ kind: COREKind, _ local: COREPath, in target: TypeView) {
    self.kind = kind
    self.local = local
    self.target = target
  }

  mutating func spend() throws(COREError.Reason) {
    guard budget > 0 else { throw .tooComplex }
    budget -= 1
  }

  /// The path in candidate `id`; nil if it does not fit.
  mutating func match(_ id: TypeID) throws(COREError.Reason) -> COREPath? {
    let path = COREPath(target, root: id)
    if kind == .typeMatches {
      return try typesMatch(local.root, id, behindPointer: false, level: Self.maximumLevel) ? path : nil
    }
    if kind.isType { return try typesAreCompatible(local.root, id, level: Self.maximumLevel) ? path : nil }
    return kind.isEnumValue ? try matchEnumerator(path) : try matchField(path)
  }

  private func matchEnumerator(_ path: COREPath) throws(COREError.Reason) -> COREPath? {
    let (id, type) = try target.resolved(path.root)
    guard let values = type.enumeration?.values, let name = local.steps[0].name else { return nil }
    guard let index = values.firstIndex(where: { COREName.match($0.name, name) }) else { return nil }
    var path = path
    path.steps = [COREPath.Step(type: id, index: index, name: values[index].name)]
    path.raw = [index]
    return path
  }

  private mutating func matchField(_ path: COREPath) throws(COREError.Reason) -> COREPath? {
    var path = path
    var id = path.root
    for (position, step) in local.steps.enumerated() {
      let resolved = try target.resolved(id)
      id = resolved.id
      if step.name != nil {
        guard let next = try findMember(step, in: id, &path) else { return nil }
        id = next
        continue
      }
      if position > 0 {
        guard case .array(let array) = resolved.type else { return nil }
        guard try path.lastArray(array, has: step.index) else { return nil }
        id = try target.resolved(array.element).id
      }
      guard path.raw.count < COREPath.maximumDepth else { throw .tooComplex }
      path.steps.append(COREPath.Step(type: id, index: step.index))
      path.raw.append(step.index)
      try path.advance(by: step.index, elements: id)
    }
    return path
  }

  /// Looks for a field by name, also in anonymous structs and unions. Extends the path and returns the field's type if
  /// it is found and its type fits.
  private mutating func findMember(
    _ step: COREPath.Step, in id: TypeID, _ path: inout COREPath
  ) throws(COREError.Reason) -> TypeID? {
    guard let wanted = try local.view.type(step.type).composite?.members[step.index] else { return nil }
    return try search(wanted, in: id, &path)
  }

  private mutating func search(
    _ wanted: BTFComposite.Member, in id: TypeID, _ path: inout COREPath
  ) throws(COREError.Reason) -> TypeID? {
    let (id, type) = try target.resolved(id)
    guard let members = type.composite?.members else { return nil }
    let before = path
    for (index, member) in members.enumerated() {
      try spend()
      guard path.raw.count < COREPath.maximumDepth else { throw .tooComplex }
      guard member.name.isEmpty || member.name == wanted.name else { continue }
      path.bitOffset += member.bitOffset
      path.raw.append(index)
      if member.name.isEmpty {
        if let found = try search(wanted, in: member.type, &path) { return found }
      } else if try fieldsAreCompatible(wanted.type, member.type) {
        path.steps.append(COREPath.Step(type: id, index: index, name: member.name))
        return member.type
      } else {
        return nil
      }
      path = before
    }
    return nil
  }
}
