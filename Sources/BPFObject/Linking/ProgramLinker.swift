// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BTF

extension ProgramSpec {
  /// The program with all the subprograms that it reaches, calls resolved.
  ///
  /// - Throws: ``ObjectError`` naming program and instruction for a call of a function that is not there, and for more than
  ///   a million instructions.
  public func linked() throws(ObjectError) -> LinkedProgram {
    var linker = ProgramLinker(image, main: function)
    return try linker.link()
  }
}

/// Appends to a program's own code each subprogram that it reaches.
///
/// The order is libbpf's (`bpf_object__relocate_calls`): a subprogram is appended when its first call is met, and its
/// own calls are followed before the caller's next instruction.
struct ProgramLinker {
  /// What the kernel takes at most from a privileged user (`BPF_COMPLEXITY_LIMIT_INSNS`).
  static let instructionLimit = 1_000_000

  private let image: ObjectImage
  private let main: Int
  private var result = LinkedProgram(instructions: [], references: [], core: [], functions: [], lines: [])
  /// Where each function that was appended starts, by function index.
  private var positions: [Int: Int] = [:]
  private var hasFunctionInfo = false
  private var hasLineInfo = false

  /// A function whose calls are being followed. Kept on a stack of our own: a file decides how deep it gets.
  private struct Frame {
    var function: Int
    var nextSlot = 0
    var nextRelocation = 0
  }

  init(_ image: ObjectImage, main: Int) {
    self.image = image
    self.main = main
  }

  mutating func link() throws(ObjectError) -> LinkedProgram {
    try append(main)
    try followCalls(from: main)
    if let callback = image.exceptionCallbacks[main], positions[callback] == nil {
      try append(callback)
      try followCalls(from: callback)
    }
    return result
  }

  private mutating func followCalls(from start: Int) throws(ObjectError) {
    var stack = [Frame(function: start)]
    while var frame = stack.popLast() {
      guard let called = try nextNewFunction(&frame) else { continue }
      stack.append(frame)
      stack.append(Frame(function: called))
    }
  }

  /// Resolves calls of a function until one is met whose target had to be appended.
  private mutating func nextNewFunction(_ frame: inout Frame) throws(ObjectError) -> Int? {
    let function = image.functions[frame.function]
    let start = positions[frame.function] ?? 0
    while frame.nextSlot < function.count {
      let slot = frame.nextSlot
      frame.nextSlot += 1
      let instruction = result.instructions[start + slot]
      guard instruction.isSubprogramCall || instruction.isFunctionAddress else { continue }
      let relocation = Self.relocation(of: slot, in: function, &frame.nextRelocation)
      guard let target = try callee(of: instruction, at: slot, relocation, in: function) else { continue }
      let isNew = positions[target] == nil
      if isNew { try append(target) }
      let distance = (positions[target] ?? 0) - (start + slot) - 1
      result.instructions[start + slot].immediate = Int32(truncatingIfNeeded: distance)
      if isNew { return target }
    }
    return nil
  }

  /// The relocation of a slot, looked for from the one that was found last.
  private static func relocation(of slot: Int, in function: CodeFunction, _ next: inout Int) -> CodeRelocation? {
    while next < function.relocations.count, function.relocations[next].instruction < slot { next += 1 }
    guard next < function.relocations.count, function.relocations[next].instruction == slot else { return nil }
    return function.relocations[next]
  }

  /// Which function a call or a function's address means; nil for a call of a kernel function.
  private func callee(
    of instruction: Instruction, at slot: Int, _ relocation: CodeRelocation?, in function: CodeFunction
  ) throws(ObjectError) -> Int? {
    let section: Int
    let target: Int?
    switch relocation?.target {
    case .extern: return nil
    case .call(let symbolSection, let symbol):
      // A global function's symbol is its start and the immediate -1; a static one's symbol is the section's.
      section = symbolSection
      target = Int(exactly: symbol / 8).map { $0 &+ Int(instruction.immediate) &+ 1 }
    case .functionAddress(let symbolSection, let symbol):
      section = symbolSection
      target = Int(exactly: symbol).map { ($0 &+ Int(instruction.immediate)) / 8 }
    case nil where instruction.isSubprogramCall:
      // A static function of the same section: the assembler has resolved the distance.
      section = function.section
      target = function.slots.lowerBound + slot + Int(instruction.immediate) + 1
    default:
      throw error(function, slot, "it takes the address of a function, but no relocation names the function")
    }
    guard let target, let index = image.functions.index(section: section, slot: target) else {
      throw error(function, slot, "it calls a function that is not in the object")
    }
    guard image.functions[index].slots.lowerBound == target else {
      throw error(function, slot, "it calls the middle of \(image.functions[index].label)")
    }
    return index
  }

  /// Adds a function's code and all that is known of it.
  private mutating func append(_ index: Int) throws(ObjectError) {
    let function = image.functions[index]
    let start = result.instructions.count
    guard start + function.count <= Self.instructionLimit else {
      throw ObjectError(
        .unsupported, image.functions[main].label,
        "it has more than \(Self.instructionLimit) instructions with its subprograms, which is the kernel's limit")
    }
    positions[index] = start
    result.instructions += image.instructions(of: function)
    for relocation in function.relocations { try add(relocation, of: function, start: start) }
    guard let records = image.debugging[function.section] else {
      if hasFunctionInfo { leaveOutFunctions(function) }
      if hasLineInfo { leaveOutLines(function) }
      return
    }
    addDebuggingInformation(records, of: function, start: start)
    let core = records.core.inside(function.slots) { $0.byteOffset }
    result.core += core.map { (instruction: start + $0.slot, record: $0.record) }
  }

  private mutating func add(
    _ relocation: CodeRelocation, of function: CodeFunction, start: Int
  ) throws(ObjectError) {
    let place = start + relocation.instruction
    let target: LinkedProgram.Target
    switch relocation.target {
    case .call: return
    case .functionAddress:
      result.instructions[place].source = Register(rawValue: PseudoSource.function)
      return
    case .map(let map):
      target = .map(map)
      result.instructions[place].source = Register(rawValue: PseudoSource.mapFD)
    case .mapValue(let map, let offset):
      target = .mapValue(map, offset: Int(offset))
      result.instructions[place].source = Register(rawValue: PseudoSource.mapValue)
      result.instructions[place].immediate = 0
      result.instructions[place + 1].immediate = Int32(bitPattern: offset)
    case .extern(let index):
      target = .extern(index)
      if result.instructions[place].isCall {
        result.instructions[place].source = Register(rawValue: PseudoSource.kfuncCall)
      }
    case .jumpTable(let entries):
      target = .jumpTable(try jumpTable(entries, relocation.instruction, function, start: start))
      result.instructions[place].source = Register(rawValue: PseudoSource.mapValue)
      result.instructions[place].immediate = 0
      result.instructions[place].offset = 0
    }
    result.references.append(.init(instruction: place, target: target))
  }

  /// Entries count from the start of the section; the kernel wants them from the start of the program.
  private func jumpTable(
    _ entries: Range<Int>, _ instruction: Int, _ function: CodeFunction, start: Int
  ) throws(ObjectError) -> [UInt32] {
    var slots: [UInt32] = []
    for entry in image.jumpTables[entries] {
      guard let slot = Int(exactly: entry / 8), function.slots.contains(slot) else {
        throw error(function, instruction, "its jump table leads out of the function")
      }
      slots.append(UInt32(truncatingIfNeeded: slot - function.slots.lowerBound + start))
    }
    return slots
  }

  /// Adds function and line info. If the entry point has none, that of subprograms is of no use; if it has and one of its
  /// subprograms has not (it was compiled without -g), the kernel would reject what there is, so it is left out.
  private mutating func addDebuggingInformation(
    _ records: DebuggingRecords, of function: CodeFunction, start: Int
  ) {
    let isMain = start == 0
    if isMain || hasFunctionInfo {
      let found = records.functions.inside(function.slots) { $0.byteOffset }
      if isMain { hasFunctionInfo = !found.isEmpty }
      result.functions += found.map { (instruction: start + $0.slot, type: $0.record.type) }
      if hasFunctionInfo && found.isEmpty { leaveOutFunctions(function) }
    }
    if isMain || hasLineInfo {
      let found = records.lines.inside(function.slots) { $0.byteOffset }
      if isMain { hasLineInfo = !found.isEmpty }
      result.lines += found.map { (instruction: start + $0.slot, line: $0.record) }
      if hasLineInfo && found.isEmpty { leaveOutLines(function) }
    }
  }

  private mutating func leaveOutFunctions(_ function: CodeFunction) {
    hasFunctionInfo = false
    result.functions = []
    result.omissions.append(.init(record: .functions, function: function.label))
  }

  private mutating func leaveOutLines(_ function: CodeFunction) {
    hasLineInfo = false
    result.lines = []
    result.omissions.append(.init(record: .lines, function: function.label))
  }

  private func error(_ function: CodeFunction, _ slot: Int, _ message: String) -> ObjectError {
    ObjectError(.badRelocation, "\(function.label), instruction \(slot)", message)
  }
}

extension Array {
  /// The records, ascending by byte offset, that fall into a function, with their slots counted from its start.
  fileprivate func inside(
    _ slots: Range<Int>, _ byteOffset: (Element) -> UInt32
  ) -> [(slot: Int, record: Element)] {
    var low = 0
    var high = count
    while low < high {
      let middle = low + (high - low) / 2
      if Int(byteOffset(self[middle])) / 8 < slots.lowerBound { low = middle + 1 } else { high = middle }
    }
    var result: [(slot: Int, record: Element)] = []
    while low < count {
      let slot = Int(byteOffset(self[low])) / 8
      guard slot < slots.upperBound else { break }
      result.append((slot - slots.lowerBound, self[low]))
      low += 1
    }
    return result
  }
}
