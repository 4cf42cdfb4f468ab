// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BTF

/// The code of an object, shared by its programs and never changed.
final class ObjectImage: Sendable {
  /// Instructions by ELF section index.
  let code: [Int: [Instruction]]
  /// All functions, entry points and subprograms, ordered by section, then by position.
  let functions: [CodeFunction]
  /// The records of `.BTF.ext`, by ELF section index, ascending by offset.
  let debugging: [Int: DebuggingRecords]
  /// Values of the `.jumptables` section: offsets in bytes from the start of the section that holds the jump.
  let jumpTables: [UInt64]
  /// The exception callback of a function; both by function index.
  let exceptionCallbacks: [Int: Int]

  init(
    code: [Int: [Instruction]], functions: [CodeFunction], debugging: [Int: DebuggingRecords], jumpTables: [UInt64],
    exceptionCallbacks: [Int: Int]
  ) {
    self.code = code
    self.functions = functions
    self.debugging = debugging
    self.jumpTables = jumpTables
    self.exceptionCallbacks = exceptionCallbacks
  }

  /// The slots of a function. Its range was checked when it was read.
  func instructions(of function: CodeFunction) -> ArraySlice<Instruction> {
    code[function.section]?[function.slots] ?? []
  }
}

/// The records of `.BTF.ext` for one section.
struct DebuggingRecords: Sendable {
  var functions: [FunctionInfo] = []
  var lines: [LineInfo] = []
  var core: [CORERecord] = []
}

/// One function of an object: a symbol and its code.
struct CodeFunction: Sendable {
  var name: String
  /// ELF index of its section.
  var section: Int
  /// Where in the section it lies, in slots.
  var slots: Range<Int>
  /// Whether other files can see it.
  var isGlobal: Bool
  /// Global, but hidden: to be verified with each caller, like a static function.
  var isHidden: Bool
  /// Whether it is a program of its own, not a subprogram.
  var isEntryPoint: Bool
  /// What its instructions refer to, ascending.
  var relocations: [CodeRelocation] = []

  var count: Int { slots.count }

  /// How errors call it.
  var label: String { isEntryPoint ? "program \(name)" : "function \(name)" }
}

/// What one instruction refers to.
struct CodeRelocation: Sendable {
  enum Target: Sendable {
    /// Another function: the section and the byte offset that the symbol stands for, without what the instruction adds.
    case call(section: Int, symbol: UInt64)
    case functionAddress(section: Int, symbol: UInt64)
    case map(Int)
    /// A global variable; the offset is complete.
    case mapValue(Int, offset: UInt32)
    case `extern`(Int)
    /// Part of the `.jumptables` section, in entries.
    case jumpTable(Range<Int>)
  }

  /// Counted in slots from the function's start. The second slot of a wide load is in the function, too.
  var instruction: Int
  var target: Target
}

extension [CodeFunction] {
  /// Index of the last function that starts at or before a slot of a section, if it contains the slot.
  func index(section: Int, slot: Int) -> Int? {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      let function = self[middle]
      if (function.section, function.slots.lowerBound) <= (section, slot) { low = middle + 1 } else { high = middle }
    }
    guard low > 0, self[low - 1].section == section, self[low - 1].slots.contains(slot) else { return nil }
    return low - 1
  }
}
