// SPDX-License-Identifier: Apache-2.0

extension BTFTypes {
  /// References that are followed before BTF counts as endless. C programs reach about ten; the kernel stops at 32.
  static var depthLimit: Int { 128 }

  /// The bytes of a pointer, on every machine that runs BPF.
  static var pointerSize: Int { 8 }

  static func endless(_ record: TypeRecord, _ id: TypeID) -> BTFError {
    BTFError(.endless, at: record.offset, "type \(id) refers to itself, or through more than \(depthLimit) types")
  }

  /// The type behind typedefs, `const`, `volatile`, `restrict` and type tags.
  ///
  /// - Throws: `BTFError` for an id that no type has, and for modifiers in a circle.
  public func resolved(_ id: TypeID) throws(BTFError) -> TypeID {
    var id = id
    for _ in 0..<Self.depthLimit {
      if id.isVoid { return id }
      let record = try requireRecord(id)
      guard let kind = record.kind, kind.isModifier else { return id }
      id = record.type
    }
    throw Self.endless(try requireRecord(id), id)
  }

  /// The bytes that a value of the type takes.
  ///
  /// - Throws: `BTFError` for types without size (`void`, functions, forward declarations, declaration tags), for
  ///   arrays larger than 2^31 - 1 bytes, and for types that contain themselves.
  public func size(of id: TypeID) throws(BTFError) -> Int {
    var id = id
    var count = 1
    for _ in 0..<Self.depthLimit {
      let record = id.isVoid ? nil : try requireRecord(id)
      let size: Int
      switch record?.kind {
      case .int, .structure, .union, .enumeration, .enumeration64, .dataSection, .float:
        size = record.map { Int($0.sizeOrType) } ?? 0
      case .pointer: size = Self.pointerSize
      case .typedef, .const, .volatile, .restrict, .typeTag, .variable:
        id = record?.type ?? .void
        continue
      case .array:
        guard let record else { continue }
        let (product, overflow) = count.multipliedReportingOverflow(by: Int(record.word(2)))
        guard !overflow, product <= Int(Int32.max) else {
          throw BTFError(.tooLarge, at: record.offset, "array \(id) has \(count) times \(record.word(2)) elements")
        }
        count = product
        id = TypeID(rawValue: record.word(0))
        continue
      case .forward, .function, .functionPrototype, .declTag, nil:
        let what = record.map { "\($0.kind.map(String.init(describing:)) ?? "unknown kind")" } ?? "void"
        throw BTFError(.noSize, at: record?.offset ?? 0, "type \(id), \(what), has no size")
      }
      let (product, overflow) = count.multipliedReportingOverflow(by: size)
      guard !overflow, product <= Int(Int32.max) else {
        throw BTFError(.tooLarge, at: record?.offset ?? 0, "\(count) elements of \(size) bytes")
      }
      return product
    }
    throw Self.endless(try requireRecord(id), id)
  }
}
