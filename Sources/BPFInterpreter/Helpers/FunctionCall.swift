// SPDX-License-Identifier: Apache-2.0

/// A call of a helper or kernel function that a test added: its arguments, and the program's memory.
public struct FunctionCall {
  let execution: Execution

  /// r1 to r5, counted from 0.
  public subscript(argument: Int) -> UInt64 {
    (0..<5).contains(argument) ? execution.registers[argument + 1] : 0
  }

  /// The interpreter: its maps, its environment.
  public var interpreter: Interpreter { execution.owner }

  /// The map that an argument points to.
  ///
  /// - Throws: ``InterpreterError`` of code `badArgument` if it is not a map.
  public func map(_ argument: Int) throws(InterpreterError) -> InMemoryMap { try execution.map(self[argument]) }

  /// Reads the program's memory.
  ///
  /// - Throws: ``InterpreterError`` of code `badAccess` where it has none.
  public func read(_ address: UInt64, count: Int) throws(InterpreterError) -> [UInt8] {
    Array(try execution.input(address, UInt64(truncatingIfNeeded: count)))
  }

  /// Reads a value of the program's memory that is laid out as a C struct.
  public func read<Value: BitwiseCopyable>(
    _ address: UInt64, as type: Value.Type = Value.self
  ) throws(InterpreterError) -> Value {
    try execution.input(address, UInt64(MemoryLayout<Value>.size)).loadUnaligned(as: Value.self)
  }

  /// Reads a string up to its final zero.
  public func string(at address: UInt64) throws(InterpreterError) -> String {
    String(decoding: try execution.text(address), as: UTF8.self)
  }

  /// Writes the program's memory.
  public func write(_ bytes: [UInt8], to address: UInt64) throws(InterpreterError) {
    try execution.output(address, UInt64(bytes.count)).copyBytes(from: bytes)
  }

  /// Writes a value into the program's memory.
  public func write(value: some BitwiseCopyable, to address: UInt64) throws(InterpreterError) {
    try write(withUnsafeBytes(of: value) { Array($0) }, to: address)
  }

  /// Calls a function of the program whose address an argument is, and returns what it returns.
  public func callBack(_ address: UInt64, _ first: UInt64 = 0, _ second: UInt64 = 0) throws(InterpreterError) -> UInt64
  {
    try execution.callBack(address, first, second)
  }

  /// What Linux answers for an error number, as `-ENOENT` for 2.
  public static func error(_ number: Int) -> UInt64 { UInt64(bitPattern: Int64(-abs(number))) }
}
