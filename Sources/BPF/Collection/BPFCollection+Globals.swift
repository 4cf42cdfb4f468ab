// SPDX-License-Identifier: Apache-2.0

import BPFObject
import BTF
public import BTFCoding
import Synchronization

// Global variables.
extension BPFCollection {
  /// Sets a global variable: before the load any, `const volatile` ones included; afterwards those in .data and .bss,
  /// while programs run.
  ///
  /// - Throws: `BPFError` of code `.sizeMismatch` when the value has not the variable's size.
  public func setGlobal<Value: BitwiseCopyable>(_ name: String, to value: Value) throws(BPFError) {
    try write(withUnsafeBytes(of: value) { Array($0) }, to: try global(name))
  }

  /// Sets a global variable by its type information.
  public func setGlobal(_ name: String, to value: BTFValue) throws(BPFError) {
    let place = try global(name)
    let (types, type) = try place.type()
    do {
      try write(try BTFCodec(types, type).encode(value), to: place)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.encoding, "setting global \(name)", underlying: error)
    }
  }

  /// Sets a global variable from text, by its type information: a number, an enumerator's name, `limit=3,label="x"`, JSON.
  public func setGlobal(_ name: String, text: String) throws(BPFError) {
    let place = try global(name)
    let (types, type) = try place.type()
    do {
      try write(try BTFCodec(types, type).encode(text: text), to: place)
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.encoding, "setting global \(name)", underlying: error)
    }
  }

  /// Reads a global variable: before the load its initial value, afterwards the running one.
  public func global<Value: BitwiseCopyable>(_ name: String, as type: Value.Type = Value.self) throws(BPFError) -> Value
  {
    let bytes = try read(try global(name))
    guard bytes.count == MemoryLayout<Value>.size else {
      throw BPFError(
        .sizeMismatch, "reading global \(name)",
        detail: "the variable has \(bytes.count) bytes, \(Value.self) has \(MemoryLayout<Value>.size)")
    }
    return bytes.withUnsafeBytes { $0.loadUnaligned(as: Value.self) }
  }

  /// Reads a global variable by its type information.
  public func globalValue(_ name: String) throws(BPFError) -> BTFValue {
    let place = try global(name)
    let (types, type) = try place.type()
    do {
      return try BTFCodec(types, type).decode(try read(place))
    } catch let error as BPFError {
      throw error
    } catch {
      throw BPFError(.types, "reading global \(name)", underlying: error)
    }
  }

  /// The names of all global variables, with the map that holds each.
  public var globals: [(name: String, map: String)] {
    spec.maps.flatMap { map in map.section.isData ? map.variables.map { ($0.name, map.name) } : [] }
  }

  /// Where a global variable is.
  struct GlobalPlace {
    var map: Int
    var variable: VariableSpec
    var types: BTFTypes?

    func type() throws(BPFError) -> (BTFTypes, TypeID) {
      guard let types, let type = variable.type else {
        throw BPFError(
          .types, "looking at global \(variable.name)", detail: "the object has no type information about it")
      }
      return (types, type)
    }
  }

  private func global(_ name: String) throws(BPFError) -> GlobalPlace {
    let spec = spec
    for (index, map) in spec.maps.enumerated() where map.section.isData && map.section != .kconfig {
      if let variable = map.variables.first(where: { $0.name == name }) {
        return GlobalPlace(map: index, variable: variable, types: spec.types)
      }
    }
    throw BPFError(
      .notFound, "looking for global \(name)",
      detail: globals.isEmpty
        ? "the object has no global variables" : "the object has \(globals.map(\.name).joined(separator: ", "))")
  }

  private func write(_ bytes: [UInt8], to global: GlobalPlace) throws(BPFError) {
    let variable = global.variable
    guard bytes.count == variable.size else {
      throw BPFError(
        .sizeMismatch, "setting global \(variable.name)",
        detail: "the variable has \(variable.size) bytes, the value \(bytes.count)")
    }
    let map = try state.withLock { (state) throws(BPFError) -> AnyMap? in
      guard state.phase == .open else {
        try state.expect(.loaded, "setting a global of")
        return state.loaded.maps[global.map]
      }
      let size = Int(state.plan.spec.maps[global.map].valueSize)
      var content = [UInt8](repeating: 0, count: size)
      if case .bytes(let initial) = state.plan.spec.maps[global.map].contents {
        content.replaceSubrange(0..<min(size, initial.count), with: initial.prefix(size))
      }
      guard variable.offset >= 0, variable.offset + bytes.count <= size else {
        throw BPFError(.object, "setting global \(variable.name)", detail: "the variable lies outside its section")
      }
      content.replaceSubrange(variable.offset..<variable.offset + bytes.count, with: bytes)
      state.plan.spec.maps[global.map].contents = .bytes(content)
      return nil
    }
    guard let map else { return }
    guard !spec.maps[global.map].section.isFrozen else {
      throw BPFError(
        .invalid, "setting global \(variable.name)", detail: "the variable is constant once the object is loaded",
        hint: "set it before the load")
    }
    try map.store(bytes, at: variable.offset)
  }

  private func read(_ global: GlobalPlace) throws(BPFError) -> [UInt8] {
    let variable = global.variable
    let content = try state.withLock { (state) throws(BPFError) -> [UInt8] in
      switch state.phase {
      case .open:
        guard case .bytes(let initial) = state.plan.spec.maps[global.map].contents else { return [] }
        return initial
      case .loaded:
        guard let map = state.loaded.maps[global.map] else { return [] }
        return try map.load()
      case .closed: throw BPFError(.closed, "reading global \(variable.name)")
      }
    }
    // .bss has no initial bytes: all zero.
    let end = variable.offset + variable.size
    guard variable.offset >= 0, variable.size >= 0 else { return [] }
    let padded = content + [UInt8](repeating: 0, count: max(0, end - content.count))
    return Array(padded[variable.offset..<end])
  }
}

extension AnyMap {
  /// Writes some bytes of a section's one value.
  fileprivate func store(_ bytes: [UInt8], at offset: Int) throws(BPFError) {
    if let memory = try memory() {
      memory.bytes[offset..<offset + bytes.count].copyBytes(from: bytes)
    } else {
      var value = try load()
      value.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      try set(value, for: [0, 0, 0, 0])
    }
  }

  /// A section's one value.
  fileprivate func load() throws(BPFError) -> [UInt8] {
    guard let value = try get([0, 0, 0, 0]) else {
      throw BPFError(.notFound, "reading map \(name)", detail: "the map has no entry")
    }
    return value
  }
}
