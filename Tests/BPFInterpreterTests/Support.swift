// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFInterpreter
import BPFObject
import Glibc
import TestObjects
import Testing

/// Programs of a few instructions, and objects of the corpus.
enum Sample {
  /// r0 of a program.
  static func run(_ code: [Instruction], context: [UInt8] = []) throws -> UInt64 {
    try Interpreter(instructions: code).run("main", .bytes(context)).r0
  }

  /// The error that a program ends with.
  static func error(_ code: [Instruction], maps: [MapSpec] = []) throws -> InterpreterError {
    let interpreter = try Interpreter(instructions: code, maps: maps)
    interpreter.instructionLimit = 10_000
    do {
      let run = try interpreter.run()
      throw Unexpected(description: "ran to its end: \(run.r0)")
    } catch let error as InterpreterError {
      return error
    }
  }

  static func object(_ name: String) throws -> ObjectSpec {
    try ObjectSpec(bytes: try #require(Corpus[name]), name: name)
  }

  static func interpreter(_ name: String, _ options: Interpreter.Options = .init()) throws -> Interpreter {
    try Interpreter(object(name), options: options)
  }

  /// A program that loads 64 bits into r1 to begin with.
  static func with(_ value: UInt64, _ code: Instruction...) -> [Instruction] {
    Instruction.loadWide(.r1, value) + code + [.exit]
  }
}

/// How many of so many random cases are tried: an eighth in a guest, which emulates every instruction.
func cases(_ count: Int) -> Int { getenv("MEROPS_GUEST") == nil ? count : count / 8 }

struct Unexpected: Error, CustomStringConvertible {
  var description: String
}
