// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import BTF
import Synchronization

/// A global variable of a loaded object (`.data`, `.bss`, `.rodata`), read and written while programs run.
///
/// The section's memory is mapped into this process: reading and writing make no system call.
public struct GlobalVariable<Value: BitwiseCopyable>: Sendable {
  /// The map of the section.
  public let map: AnyMap
  /// The variable's name, as in the program.
  public let name: String
  /// Bytes from the start of the section.
  public let offset: Int
  private let memory: MapMemory

  /// Whether it can be written: constants (`.rodata`) cannot, once their object is loaded.
  public var isWritable: Bool { memory.isWritable }

  /// The variable at an offset.
  ///
  /// - Parameters:
  ///   - map: of the section.
  ///   - name: for messages.
  ///   - offset: where in the memory it starts.
  ///   - size: the variable's bytes.
  /// - Throws: `sizeMismatch` where the type's size is not the variable's.
  public init(_ map: AnyMap, name: String, offset: Int, size: Int) throws(BPFError) {
    guard size == MemoryLayout<Value>.size || size == MemoryLayout<Value>.stride else {
      throw BPFError(
        .sizeMismatch, "opening variable \(name)",
        detail: "it has \(size) bytes, \(Value.self) has \(MemoryLayout<Value>.size)")
    }
    guard offset >= 0, offset + size <= map.info.valueSize, map.info.type == .array else {
      throw BPFError(
        .invalid, "opening variable \(name)", detail: "it does not lie in the \(map.info.valueSize) bytes of \(map)")
    }
    self.map = map
    self.name = name
    self.offset = offset
    guard let memory = try map.memory() else {
      throw BPFError(
        .invalid, "opening variable \(name)", detail: "map \(map.label) cannot be mapped into memory",
        hint: "read the section's bytes with `AnyMap.get`")
    }
    self.memory = memory
  }

  /// The variable that an object describes.
  public init(_ map: AnyMap, _ variable: VariableSpec) throws(BPFError) {
    try self.init(map, name: variable.name, offset: variable.offset, size: variable.size)
  }

  /// The variable with a name, by the map's type information.
  ///
  /// - Throws: `notFound`, with the names there are.
  public init(_ map: AnyMap, named name: String) throws(BPFError) {
    let all = try map.variables()
    guard let variable = all.first(where: { $0.name == name }) else {
      let names = all.isEmpty ? "it describes none" : "it has \(all.map(\.name).joined(separator: ", "))"
      throw BPFError(.notFound, "opening variable \(name)", detail: "\(map) has no such variable; \(names)")
    }
    try self.init(map, variable)
  }

  /// The value now.
  public func get() -> Value { memory.bytes.loadUnaligned(fromByteOffset: offset, as: Value.self) }

  /// Sets the value.
  ///
  /// - Throws: `permission` for a constant.
  public func set(_ value: Value) throws(BPFError) {
    try checkWritable()
    memory.bytes.storeBytes(of: value, toByteOffset: offset, as: Value.self)
  }

  private func checkWritable() throws(BPFError) {
    guard !isWritable else { return }
    throw BPFError(
      .permission, "writing variable \(name)", detail: "map \(map.label) is frozen",
      hint: "set constants before the object is loaded")
  }
}

extension GlobalVariable where Value: FixedWidthInteger {
  /// Writes a word so that programs which see it also see all that was written before: the last step of a switch.
  ///
  /// - Throws: `invalid` where the variable is not aligned, `permission` for a constant.
  public func storeReleasing(_ value: Value) throws(BPFError) {
    let word = try word()
    try checkWritable()
    switch MemoryLayout<Value>.size {
    case 1: word.atomic(UInt8.self).pointee.store(UInt8(truncatingIfNeeded: value), ordering: .releasing)
    case 2: word.atomic(UInt16.self).pointee.store(UInt16(truncatingIfNeeded: value), ordering: .releasing)
    case 4: word.atomic(UInt32.self).pointee.store(UInt32(truncatingIfNeeded: value), ordering: .releasing)
    default: word.atomic(UInt64.self).pointee.store(UInt64(truncatingIfNeeded: value), ordering: .releasing)
    }
  }

  /// Reads a word; what was written before it was stored is seen by what is read after.
  public func loadAcquiring() throws(BPFError) -> Value {
    let word = try word()
    return switch MemoryLayout<Value>.size {
    case 1: Value(truncatingIfNeeded: word.atomic(UInt8.self).pointee.load(ordering: .acquiring))
    case 2: Value(truncatingIfNeeded: word.atomic(UInt16.self).pointee.load(ordering: .acquiring))
    case 4: Value(truncatingIfNeeded: word.atomic(UInt32.self).pointee.load(ordering: .acquiring))
    default: Value(truncatingIfNeeded: word.atomic(UInt64.self).pointee.load(ordering: .acquiring))
    }
  }

  private func word() throws(BPFError) -> UnsafeMutableRawPointer {
    let size = MemoryLayout<Value>.size
    guard let base = memory.bytes.baseAddress, size <= 8, offset % size == 0 else {
      throw BPFError(
        .invalid, "using variable \(name) as an atomic word", detail: "it is not aligned, or has more than 8 bytes")
    }
    return base + offset
  }
}

extension UnsafeMutableRawPointer {
  fileprivate func atomic<Word: AtomicRepresentable>(_: Word.Type) -> UnsafeMutablePointer<Atomic<Word>> {
    assumingMemoryBound(to: Atomic<Word>.self)
  }
}

extension AnyMap {
  /// The global variables in the map of a section, by the map's type information; empty for other maps.
  public func variables() throws(BPFError) -> [VariableSpec] {
    guard let types = try types(), case .dataSection(let section)? = try? types.types.type(types.value) else {
      return []
    }
    return section.entries.compactMap { entry in
      guard case .variable(let variable)? = try? types.types.type(entry.type) else { return nil }
      return VariableSpec(
        name: variable.name, offset: entry.offset, size: entry.size, type: variable.type,
        isGlobal: variable.linkage == .global)
    }
  }
}
