// SPDX-License-Identifier: Apache-2.0

/// Rewrites BTF for a kernel that does not know all of it.
///
/// Every type keeps its id, and what replaces it has the same size, so that everything that refers to it, `.BTF.ext`
/// included, stays right. The replacements are those of libbpf's `bpf_object__sanitize_btf`:
///
/// | kind | becomes |
/// |---|---|
/// | VAR, DECL_TAG | INT of one byte |
/// | DATASEC | STRUCT with the variables as members |
/// | FUNC_PROTO, FUNC | ENUM, TYPEDEF |
/// | FUNC of any linkage | FUNC, static |
/// | FLOAT | STRUCT, empty and anonymous |
/// | TYPE_TAG | CONST |
/// | ENUM64 | UNION; ENUM loses its sign |
public struct BTFSanitizer: Hashable, Sendable {
  /// What the kernel accepts.
  public var features: BTFFeatures

  public init(accepting features: BTFFeatures) { self.features = features }

  /// A blob that the kernel accepts, with the same ids and string offsets.
  ///
  /// - Throws: `BTFError` for BTF that refers to types or names that it does not have.
  public func sanitized(_ types: BTFTypes) throws(BTFError) -> [UInt8] {
    var builder = BTFBuilder(copying: types)
    try sanitize(&builder)
    return builder.encode(withLayout: features.contains(.layout) && !types.header.layout.isEmpty)
  }

  /// Does the same in a builder.
  public func sanitize(_ builder: inout BTFBuilder) throws(BTFError) {
    var placeholder: TypeID?
    for index in 0..<builder.types.count {
      switch builder.types.kind(index) {
      case .variable where !features.contains(.dataSections), .declTag where !features.contains(.declTags):
        // Of one byte, because a variable may be as small, and the kernel checks that it fits its section.
        builder.types.rewrite(index, .int, sizeOrType: 1)
        builder.types[word: builder.types.starts[index] + 3] = 8
      case .dataSection: try sanitize(section: index, &builder)
      case .functionPrototype where !features.contains(.functions):
        builder.types.rewrite(index, .enumeration, count: builder.types.elementCount(index), sizeOrType: 4)
      case .function where !features.contains(.functions): builder.types.rewrite(index, .typedef)
      case .function where !features.contains(.globalFunctions): builder.types.rewrite(index, .function)
      case .float where !features.contains(.floats):
        builder.types.rewrite(index, .structure)
        builder.types[word: builder.types.starts[index]] = 0
      case .typeTag where !features.contains(.typeTags):
        builder.types.rewrite(index, .const)
        builder.types[word: builder.types.starts[index]] = 0
      case .enumeration where !features.contains(.enumerations64):
        builder.types.rewrite(index, .enumeration, count: builder.types.elementCount(index))
      case .enumeration64 where !features.contains(.enumerations64):
        if placeholder == nil {
          placeholder = try builder.add(.int(BTFInteger(name: "enum64_placeholder", size: 1)))
        }
        let type = placeholder ?? .void
        let count = builder.types.elementCount(index)
        builder.types.rewrite(index, .union, count: count)
        for element in 0..<count {
          let member = builder.types.starts[index] + 3 + 3 * element
          builder.types[word: member + 1] = type.rawValue
          builder.types[word: member + 2] = 0
        }
      default: break
      }
    }
  }

  private func sanitize(section index: Int, _ builder: inout BTFBuilder) throws(BTFError) {
    let start = builder.types.starts[index]
    guard features.contains(.dataSections) else {
      try rename(index, &builder) {
        $0.map { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "?") ? UInt8(ascii: "_") : $0 }
      }
      let count = builder.types.elementCount(index)
      builder.types.rewrite(index, .structure, count: count)
      for element in 0..<count {
        let entry = start + 3 + 3 * element
        let (variable, offset) = (builder.types[word: entry], builder.types[word: entry + 1])
        builder.types[word: entry] = builder.name(of: TypeID(rawValue: variable))
        builder.types[word: entry + 1] = variable
        builder.types[word: entry + 2] = offset &* 8
      }
      return
    }
    if !features.contains(.optionalSections) {
      try rename(index, &builder) { $0.first == UInt8(ascii: "?") ? [UInt8(ascii: "_")] + $0.dropFirst() : $0 }
    }
  }

  private func rename(
    _ index: Int, _ builder: inout BTFBuilder, _ transform: ([UInt8]) -> [UInt8]
  ) throws(BTFError) {
    guard let old = builder.strings.withString(at: builder.types.name(index), { [UInt8]($0) }) else {
      throw BTFError(.badName, at: 0, "section \(index) has a name outside the strings")
    }
    let new = transform(old)
    guard new != old else { return }
    builder.types[word: builder.types.starts[index]] = try builder.strings.offset(of: new)
  }
}

extension TypeWords {
  /// Gives a record another kind, without kind flag; its payload stays as it is.
  fileprivate mutating func rewrite(_ index: Int, _ kind: BTFKind, count: Int = 0, sizeOrType: UInt32? = nil) {
    let start = starts[index]
    self[word: start + 1] = RecordLayout.info(kind: kind.rawValue, count: count, flag: false)
    if let sizeOrType { self[word: start + 2] = sizeOrType }
  }
}

extension BTFBuilder {
  /// The name of a type, as an offset; 0 if there is no such type.
  fileprivate func name(of id: TypeID) -> UInt32 {
    guard id >= firstID else { return base?.record(id)?.name ?? 0 }
    return ids.contains(id) ? types.name(Int(id.rawValue - firstID.rawValue)) : 0
  }
}
