// SPDX-License-Identifier: Apache-2.0

/// A map that a probe declares, as the compiler folded it into the global's initial value.
///
/// Every map type of the kernel-side module starts with a `MapDefinition`: these numbers, in this order.
struct MapDeclaration {
  var type: Int
  var maxEntries: Int
  var flags: Int
  var pinning: Int
  var extra: Int
  /// Bytes of a value without a type: stack traces, byte builders, kept bytes.
  var valueSize: Int

  static let words = 6

  /// Perf event arrays, which have a ring for each CPU, and local storage.
  static let sizedByItself: Set<Int> = [4, 24, 28, 29, 32]

  /// Reads the numbers from an initial value; nil if it is not a constant.
  init?(_ numbers: some Collection<Int>) {
    let numbers = Array(numbers)
    guard numbers.count >= Self.words else { return nil }
    (type, maxEntries, flags) = (numbers[0], numbers[1], numbers[2])
    (pinning, extra, valueSize) = (numbers[3], numbers[4], numbers[5])
  }

  /// Which generic arguments are the key, the value and the record, by `enum bpf_map_type`.
  var shape: MapShape {
    switch type {
    // A type even for plain bytes: the kernel rejects a type for the keys without one for the values.
    case 1 where valueSize != 0, 9 where valueSize != 0:
      MapShape(key: .argument(0), value: .type(.array(of: .byte, count: valueSize)))
    case 1, 5, 9, 10, 11: MapShape(key: .argument(0), value: .argument(1))
    case 6 where valueSize != 0: MapShape(key: .size(4), value: .size(valueSize))
    case 2, 6: MapShape(key: .type(.unsignedInt), value: .argument(0))
    case 22, 23, 30: MapShape(value: .argument(0))
    case 27, 31: MapShape(record: 0)
    case 4: MapShape(key: .size(4), value: .size(4), record: 0)
    case 3, 8: MapShape(key: .size(4), value: .size(4))
    case 7: MapShape(key: .size(4), value: .size(valueSize))
    case 12: MapShape(key: .type(.unsignedInt), value: .size(4), inner: 0)
    case 13: MapShape(key: .argument(0), value: .size(4), inner: 1)
    case 14, 16, 17, 25: MapShape(key: .size(4), value: .size(valueSize == 0 ? 4 : valueSize))
    case 15: MapShape(key: .size(4), value: .size(8))
    case 18: MapShape(key: .argument(0), value: .size(8))
    case 24, 28, 29, 32: MapShape(key: .type(.int), value: .argument(0))
    default: MapShape()
    }
  }
}

/// What the elements of a map are.
struct MapShape {
  enum Element {
    case argument(Int)
    case type(SwiftType)
    case size(Int)
  }
  var key: Element?
  var value: Element?
  /// The generic argument that the map's records have: not for the kernel, but for whoever reads them.
  var record: Int?
  /// The generic argument that the maps inside have.
  var inner: Int?
}

extension ProbeModule {
  /// A BTF-defined map in place of a global of one of the kernel-side module's map types.
  ///
  /// - Returns: the nodes of types that must be among the object's by themselves: of the map's records, and of the
  ///   elements of maps inside, which LLVM would only declare.
  mutating func rewriteMap(
    _ index: Int, variable: Int, type: MetadataNode, name: String
  ) throws(LayoutError) -> [(name: String, type: Int)] {
    let numbers = Self.numbers(in: module.globals[index].initializer ?? "")
    let reader = self.reader
    guard let declaration = MapDeclaration(numbers) else {
      throw LayoutError("the size of a map must be known when the program is built: write a number")
    }
    if declaration.maxEntries == 0, !MapDeclaration.sizedByItself.contains(declaration.type) {
      throw LayoutError("the map has no entries: give the number of entries that it can hold, or the bytes of a ring")
    }
    let sizes = try elementSizes(declaration.shape, type, reader)
    declared.maps[name] = DeclaredObject.Map(
      type: declaration.type, keySize: sizes.key, valueSize: sizes.value, maxEntries: declaration.maxEntries,
      flags: declaration.flags, hasRecord: declaration.shape.record != nil)
    let (structure, members) = try definition(declaration, numbers: numbers, type: type, reader: reader)
    rename(variable, to: name, type: structure)
    let expression = module.globals[index].debugNode ?? 0
    let slots = Array(repeating: "ptr", count: max(members, 1)).joined(separator: ", ")
    module.globals[index] = IRGlobal(
      name: name,
      definition: "dso_local global { \(slots) } zeroinitializer, section \".maps\", align 8, !dbg !\(expression)")
    let arguments = reader.arguments(type)
    if let record = declaration.shape.record, record < arguments.count {
      return [(name, types.node(try reader.type(arguments[record]), in: &module.metadata))]
    }
    guard let inner = declaration.shape.inner, inner < arguments.count, let map = reader.stripped(arguments[inner])
    else {
      return []
    }
    var elements: [(name: String, type: Int)] = []
    for (position, argument) in reader.arguments(map).enumerated() {
      let type = try reader.type(argument)
      guard case .structure = type else { continue }
      elements.append(("\(name)__inner\(position)", types.node(type, in: &module.metadata)))
    }
    return elements
  }

  /// The bytes of a map's keys and values.
  private func elementSizes(
    _ shape: MapShape, _ type: MetadataNode, _ reader: SwiftTypeReader
  ) throws(LayoutError) -> (key: Int, value: Int) {
    let arguments = reader.arguments(type)
    func bytes(_ element: MapShape.Element?) throws(LayoutError) -> Int {
      switch element {
      case .size(let size): return size
      case .type(let type): return type.bytes
      case .argument(let position) where position < arguments.count: return try reader.type(arguments[position]).bytes
      case .argument, nil: return 0
      }
    }
    return (try bytes(shape.key), try bytes(shape.value))
  }

  /// The struct that describes a map, as libbpf reads it.
  private mutating func definition(
    _ declaration: MapDeclaration, numbers: [Int], type: MetadataNode, reader: SwiftTypeReader
  ) throws(LayoutError) -> (node: Int, members: Int) {
    let arguments = reader.arguments(type)
    let shape = declaration.shape
    var members: [(name: String, type: Int)] = [("type", number(declaration.type))]
    if declaration.maxEntries != 0 { members.append(("max_entries", number(declaration.maxEntries))) }
    if declaration.flags != 0 { members.append(("map_flags", number(declaration.flags))) }
    if declaration.pinning != 0 { members.append(("pinning", number(declaration.pinning))) }
    if declaration.extra != 0 { members.append(("map_extra", number(declaration.extra))) }
    for (name, element) in [("key", shape.key), ("value", shape.value)] {
      guard let element else { continue }
      switch element {
      case .size(let size): members.append(("\(name)_size", number(size)))
      case .type(let type): members.append((name, pointer(to: type)))
      case .argument(let position):
        guard position < arguments.count else { throw LayoutError("a map without a type for its \(name)") }
        members.append((name, pointer(to: try reader.type(arguments[position]))))
      }
    }
    if let inner = shape.inner {
      guard inner < arguments.count, let innerType = reader.stripped(arguments[inner]),
        let innerDeclaration = MapDeclaration(numbers.dropFirst(MapDeclaration.words))
      else { throw LayoutError("a map of maps must say what its maps are: `inner: HashMap(maxEntries: 16)`") }
      let (node, _) = try definition(
        innerDeclaration, numbers: Array(numbers.dropFirst(MapDeclaration.words)), type: innerType, reader: reader)
      let pointer = types.pointer(to: node, in: &module.metadata)
      members.append(("values", types.array(of: pointer, count: 0, size: 0, in: &module.metadata)))
    }
    let placed = members.enumerated().map { index, member in
      (name: member.name, type: member.type, offset: index * 8, size: member.name == "values" ? 0 : 8)
    }
    let node = types.structure(name: "", members: placed, size: members.count * 8, in: &module.metadata)
    return (node, members.count)
  }

  /// `int (*name)[value]`: how a map's definition holds a number.
  private mutating func number(_ value: Int) -> Int {
    let int = types.node(.int, in: &module.metadata)
    let array = types.array(of: int, count: value, size: 4 * value, in: &module.metadata)
    return types.pointer(to: array, in: &module.metadata)
  }

  private mutating func pointer(to type: SwiftType) -> Int { types.node(.pointer(type), in: &module.metadata) }

  /// Gives a variable's debug information another name and type.
  mutating func rename(_ variable: Int, to name: String, type: Int) {
    guard var node = module.metadata[variable] else { return }
    node["name"] = "\"\(name)\""
    node["linkageName"] = nil
    node["type"] = "!\(type)"
    module.metadata.replace(variable, with: node.text)
  }

  /// The numbers of a constant of nested structs, in order.
  static func numbers(in initializer: Substring) -> [Int] {
    var numbers: [Int] = []
    let words = initializer.split { " ,<>{}".contains($0) }
    for (index, word) in words.enumerated() {
      if index > 0, words[index - 1] == "i32" || words[index - 1] == "i64", let number = Int(word) {
        // Written with a sign: 4294967295 is -1.
        numbers.append(Int(UInt32(truncatingIfNeeded: number)))
      } else if word == "zeroinitializer", index > 0, words[index - 1].hasPrefix("%Ts6UInt") {
        numbers.append(0)
      }
    }
    return numbers
  }
}
