// SPDX-License-Identifier: Apache-2.0

import BTF

/// All that is generated for a probe.
struct CollectedTypes {
  var views: [KernelView] = []
  var local = LocalTypes()
  var enumerations: [NamedEnumeration] = []
  var constants: [EnumerationConstant] = []
  var contexts: [ProgramContext] = []
  var functions: [KernelFunction] = []
  var tables: [OperationsTable] = []
}

/// Follows the probe's names through the kernel's types.
struct TypeCollector {
  let names: ProbeNames
  let kernel: KernelReader
  let reserved: Set<String>
  var result = CollectedTypes()
  private var known: [String: KernelView.Role] = [:]
  private var pending: [(view: KernelView, id: TypeID, owner: LocalKey, inside: [(String, isUnion: Bool)])] = []

  init(names: ProbeNames, kernel: KernelReader, reserved: Set<String>) {
    self.names = names
    self.kernel = kernel
    self.reserved = reserved
  }

  mutating func collect() throws {
    for name in names.candidates where !reserved.contains(name) {
      if let composite = kernel.composite(named: name) { _ = object(composite) }
    }
    collectFlavored()
    try collectContexts()
    try collectFunctions()
    while let next = pending.popLast() { try fill(next.view, next.id, owner: next.owner, inside: next.inside) }
    if !result.views.isEmpty { addCastFunction() }
    try collectEnumerations()
    result.views.sort { $0.name < $1.name }
  }

  // MARK: Views

  /// The name that a kernel type has in Swift: its own, unless the probe uses that for something else.
  func viewName(_ name: String) -> String {
    names.global.contains(name) || reserved.contains(name) ? "kernel_\(name)" : name
  }

  /// Puts a struct on the list, and returns the name of its view.
  mutating func object(_ composite: KernelReader.Composite) -> String {
    let name = viewName(composite.key.name)
    guard known[name] == nil else { return name }
    known[name] = .object
    result.local.declare(composite.key)
    let view = KernelView(name: name, role: .object, root: composite.key, path: [])
    pending.append((view, composite.id, composite.key, []))
    return name
  }

  /// Puts a struct on the list of which only flavors are known.
  mutating func objectOfOtherKernels(_ name: String) {
    guard known[viewName(name)] == nil else { return }
    known[viewName(name)] = .object
    let key = LocalKey(isUnion: false, name: name)
    result.local.declare(key)
    pending.append((KernelView(name: viewName(name), role: .object, root: key, path: []), .void, key, []))
  }

  /// Puts what a program is given on the list.
  mutating func context(_ name: String, in namespace: String, _ composite: KernelReader.Composite) {
    guard known["\(namespace).\(name)"] == nil else { return }
    known["\(namespace).\(name)"] = .context(namespace: namespace)
    result.local.declare(composite.key)
    var view = KernelView(name: name, role: .context(namespace: namespace), root: composite.key, path: [])
    view.isInContext = true
    pending.append((view, composite.id, composite.key, []))
  }

  private mutating func fill(
    _ view: KernelView, _ id: TypeID, owner: LocalKey, inside: [(String, isUnion: Bool)]
  ) throws {
    var view = view
    var seen: Set<String> = []
    for member in try kernel.members(of: id) {
      var name = member.name
      if case .context = view.role {
        for prefix in ["__data_loc_", "__rel_loc_"] where name.hasPrefix(prefix) { name.removeFirst(prefix.utf8.count) }
      }
      guard names.members[name] != nil, seen.insert(name).inserted else { continue }
      let read = try self.field(member, in: view, owner: owner, inside: inside)
      guard case (var shape, let field)? = read else { continue }
      if name != member.name { shape = .text(isRelative: member.name.hasPrefix("__rel_loc_")) }
      result.local.add(member.name, field, to: owner, inside: inside)
      view.fields.append(ViewField(name: name, member: member.name, shape: shape))
    }
    if view.path.isEmpty { view.fields += try flavoredFields(of: view) }
    view.fields.sort { $0.name < $1.name }
    if case .object = view.role { try inquire(&view, id) }
    result.views.append(view)
  }

  /// Notes what the probe asks about the type and its fields.
  private mutating func inquire(_ view: inout KernelView, _ id: TypeID) throws {
    view.isCastTo = names.paths[[view.name, "cast"]] != nil
    view.typeInquiries = Set(TypeInquiry.allCases.filter { names.paths[[view.name, $0.rawValue]] != nil })
    for (path, place) in names.paths where path.count == 3 && path[0] == view.name {
      guard let inquiry = FieldInquiry(rawValue: path[1]) else { continue }
      guard let field = view.fields.first(where: { $0.name == path[2] }) else {
        let all = try kernel.members(of: id).map(\.name)
        throw KernelTypesError(
          place, "\(view.name) has no field '\(path[2])'\(Similarity.suggestion(for: path[2], among: all))")
      }
      view.inquiries[inquiry, default: []].append(field)
    }
    for inquiry in view.inquiries.keys { view.inquiries[inquiry]?.sort { $0.name < $1.name } }
  }

  private mutating func field(
    _ member: BTFComposite.Member, in view: KernelView, owner: LocalKey, inside: [(String, isUnion: Bool)]
  ) throws -> (FieldShape, LocalField)? {
    if var scalar = try kernel.scalar(member.type) {
      scalar = noted(scalar)
      if member.bitSize != 0 {
        return (.bitField(scalar, bits: member.bitSize), .bitField(scalar, bits: member.bitSize))
      }
      return (.scalar(scalar), .scalar(scalar))
    }
    let id = try kernel.types.resolved(member.type)
    switch try kernel.types.type(id) {
    case .pointer(let target): return try pointer(target)
    case .structure(let composite), .union(let composite):
      let key = LocalKey(isUnion: kernel.types.kind(id) == .union, name: composite.name)
      // Nothing may be added to a context's address: the loads in it are from the context itself.
      if !composite.name.isEmpty, !view.isInContext {
        return (.structure(view: object(KernelReader.Composite(key: key, id: id))), .composite(key))
      }
      let path = view.path + [member.name]
      let name = "\(view.role.scope)\(view.name)__\(path.joined(separator: "__"))".replacing(".", with: "_")
      var part = KernelView(name: name, role: .part(whole: nil), root: view.root, path: path)
      part.isInContext = view.isInContext
      if composite.name.isEmpty {
        pending.append((part, id, owner, inside + [(member.name, isUnion: key.isUnion)]))
        return (.embedded(view: name), .inline(isUnion: key.isUnion, [:]))
      }
      part.role = .part(whole: object(KernelReader.Composite(key: key, id: id)))
      pending.append((part, id, key, []))
      return (.embedded(view: name), .composite(key))
    case .array(let array): return try self.array(array)
    default: return nil
    }
  }

  /// Remembers the enumeration that a field is of.
  mutating func noted(_ scalar: KernelScalar) -> KernelScalar {
    if let name = scalar.enumeration {
      result.local.add(LocalEnumeration(name: name, bytes: scalar.bytes, isSigned: scalar.isSigned))
    }
    return scalar
  }

  /// The struct or union that a type is, also where only its name is known here.
  mutating func composite(_ id: TypeID) throws -> KernelReader.Composite? {
    let id = try kernel.types.resolved(id)
    switch try kernel.types.type(id) {
    case .structure(let composite) where !composite.name.isEmpty:
      return KernelReader.Composite(key: LocalKey(isUnion: false, name: composite.name), id: id)
    case .union(let composite) where !composite.name.isEmpty:
      return KernelReader.Composite(key: LocalKey(isUnion: true, name: composite.name), id: id)
    case .forward(let name, _): return kernel.composite(named: name)
    default: return nil
    }
  }

  mutating func pointer(_ target: TypeID) throws -> (FieldShape, LocalField) {
    guard try !kernel.isForeign(target) else { return (.rawPointer, .pointer("void")) }
    if let composite = try composite(target) {
      return (.pointer(view: object(composite)), .pointer(composite.key.c))
    }
    let id = try kernel.types.resolved(target)
    if case .pointer(let inner) = try kernel.types.type(id), try !kernel.isForeign(inner),
      let composite = try composite(inner)
    {
      return (.pointerList(view: object(composite)), .pointer("\(composite.key.c) *"))
    }
    if let scalar = try kernel.scalar(id), scalar.bytes > 1 { return (.scalarList(scalar), .pointer("void")) }
    return (.rawPointer, .pointer("void"))
  }

  private mutating func array(_ array: BTFArray) throws -> (FieldShape, LocalField)? {
    // Arrays of arrays are one array, as they lie in memory.
    var count = array.count
    var element = try kernel.types.resolved(array.element)
    var sizes = [array.count]
    while case .array(let inner) = try kernel.types.type(element), sizes.count < 8 {
      count *= inner.count
      sizes.append(inner.count)
      element = try kernel.types.resolved(inner.element)
    }
    func local(_ element: LocalField) -> LocalField {
      sizes.reversed().reduce(element) { .array($0, count: $1) }
    }
    if let scalar = try kernel.scalar(element) {
      return (.scalars(scalar, count: count), local(.scalar(noted(scalar))))
    }
    if case .pointer(let target) = try kernel.types.type(element) {
      let (shape, field) = try pointer(target)
      if case .pointer(let view) = shape { return (.pointers(view: view, count: count), local(field)) }
      return (.address, local(field))
    }
    guard let composite = try composite(element) else { return nil }
    return (.structures(view: object(composite), composite.key, count: count), local(.composite(composite.key)))
  }
}

extension KernelView.Role {
  /// The namespace of a context, with its dot.
  var scope: String {
    if case .context(let namespace) = self { return namespace + "." }
    return ""
  }
}
