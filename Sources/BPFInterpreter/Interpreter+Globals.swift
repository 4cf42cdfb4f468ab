// SPDX-License-Identifier: Apache-2.0

internal import BPFObject

// Global variables: `.rodata`, `.data`, `.bss`.
extension Interpreter {
  /// Sets a global variable, a constant too.
  ///
  /// - Throws: ``InterpreterError`` of code `notFound`, or `sizeMismatch` when the value has not the variable's size.
  public func setGlobal(_ name: String, to value: some BitwiseCopyable) throws(InterpreterError) {
    let place = try global(name, withUnsafeBytes(of: value) { $0.count })
    withUnsafeBytes(of: value) { bytes in
      place.copyMemory(from: bytes)
    }
  }

  /// Reads a global variable.
  public func global<Value: BitwiseCopyable>(
    _ name: String, as type: Value.Type = Value.self
  ) throws(InterpreterError) -> Value {
    UnsafeRawBufferPointer(try global(name, MemoryLayout<Value>.size)).loadUnaligned(as: Value.self)
  }

  /// The bytes of a global variable.
  public func globalBytes(_ name: String) throws(InterpreterError) -> [UInt8] { Array(try global(name, nil)) }

  /// The names of all global variables.
  public var globals: [String] {
    maps.flatMap { map in map.spec.section.isData ? map.spec.variables.map(\.name) : [] }
  }

  private func global(_ name: String, _ size: Int?) throws(InterpreterError) -> UnsafeMutableRawBufferPointer {
    for map in maps where map.spec.section.isData && map.region != 0 {
      guard let variable = map.spec.variables.first(where: { $0.name == name }) else { continue }
      guard variable.offset >= 0, variable.size >= 0, variable.offset + variable.size <= map.valueSize else {
        throw InterpreterError(.invalidProgram, "variable \(name) lies outside its section")
      }
      if let size, size != variable.size {
        throw InterpreterError(.sizeMismatch, "variable \(name) has \(variable.size) bytes, not \(size)")
      }
      return UnsafeMutableRawBufferPointer(start: map.place(0) + variable.offset, count: variable.size)
    }
    throw InterpreterError(.notFound, "the object has no variable \(name); it has \(list(globals))")
  }
}
