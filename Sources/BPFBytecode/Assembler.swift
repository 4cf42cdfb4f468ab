// SPDX-License-Identifier: Apache-2.0

/// A place in a program under assembly.
public struct Label: Hashable, Sendable, ExpressibleByStringLiteral, CustomStringConvertible {
  public var name: String
  /// Tells labels apart that the assembler made itself; 0 for those with a name only.
  let serial: Int

  public init(_ name: String) { self.init(name, serial: 0) }
  public init(stringLiteral name: String) { self.init(name, serial: 0) }
  init(_ name: String, serial: Int) {
    self.name = name
    self.serial = serial
  }

  public var description: String { serial == 0 ? name : "\(name).\(serial)" }
}

/// Builds a program from instructions and labels.
///
///     var code = Assembler()
///     code.emit(.load(.r2, from: .r1, 0, size: .word))
///     code.jump(to: "drop", if: .r2, .equal, 42)
///     code.emit(.move(.r0, 2), .exit)
///     code.place("drop")
///     code.emit(.move(.r0, 1), .exit)
///     let program = try code.finish()
///
/// A label may be used before it is placed. Jumps reach 32,767 slots; one that has to go farther becomes a `gotol` where
/// the instruction set allows it. Offsets in emitted instructions are taken as they are.
public struct Assembler: Sendable {
  private enum Item: Sendable {
    case slot(Instruction)
    /// A jump, whose 16-bit offset is to lead to the label.
    case jump(Instruction, Label)
    /// A call or the first slot of an address load, whose 32-bit immediate is to lead to the label.
    case reference(Instruction, Label)
  }

  /// The newest instructions that `finish` may put in by itself.
  public let maximumISA: ISAVersion
  private var items: [Item] = []
  private var labels: [Label: Int] = [:]
  private var duplicate: (label: Label, item: Int)?
  private var lastSerial = 0

  public init(maximumISA: ISAVersion = .v3) { self.maximumISA = maximumISA }

  /// How many slots have been emitted so far; far jumps may add some.
  public var count: Int { items.count }

  public mutating func emit(_ instructions: Instruction...) { emit(instructions) }

  public mutating func emit(_ instructions: some Sequence<Instruction>) {
    items.append(contentsOf: instructions.lazy.map { .slot($0) })
  }

  /// A new label that equals no other; `name` is for messages only.
  public mutating func makeLabel(_ name: String = "label") -> Label {
    lastSerial += 1
    return Label(name, serial: lastSerial)
  }

  /// Lets the label stand for the next instruction.
  public mutating func place(_ label: Label) {
    if labels.updateValue(items.count, forKey: label) != nil, duplicate == nil { duplicate = (label, items.count) }
  }

  public mutating func jump(to label: Label) { items.append(.jump(.goto(0), label)) }

  public mutating func jump(
    to label: Label, if register: Register, _ condition: JumpOperation, _ operand: Operand,
    width: OperandWidth = .bits64
  ) {
    items.append(.jump(.jump(if: register, condition, operand, 0, width: width), label))
  }

  /// Leaves a loop for the label when the kernel says that it ran long enough.
  /// - Requires: Linux 6.9
  public mutating func mayGoto(_ label: Label) { items.append(.jump(.mayGoto(0), label)) }

  /// Calls the subprogram at the label.
  public mutating func call(_ label: Label) { items.append(.reference(.callSubprogram(0), label)) }

  /// Loads the address of the subprogram at the label, for a helper that calls back. Two slots.
  /// - Requires: Linux 5.13
  public mutating func loadAddress(_ destination: Register, of label: Label) {
    let slots = Instruction.loadWide(destination, 0, source: PseudoSource.function)
    items.append(.reference(slots[0], label))
    items.append(.slot(slots[1]))
  }

  /// The program, with all labels resolved.
  /// - Throws: `BytecodeError` for a label that is placed twice or never, or is out of reach.
  public func finish() throws(BytecodeError) -> [Instruction] {
    if let duplicate {
      throw BytecodeError(.duplicateLabel(duplicate.label.description), instruction: duplicate.item)
    }
    var isFar = [Bool](repeating: false, count: items.count)
    var starts: [Int] = []
    // Each round can only make jumps longer, so this ends.
    repeat { starts = layOut(isFar) } while try lengthen(&isFar, starts)

    var program: [Instruction] = []
    program.reserveCapacity(starts[items.count])
    for (index, item) in items.enumerated() {
      switch item {
      case .slot(let slot): program.append(slot)
      case .reference(var slot, let label):
        let distance = try target(label, starts, from: index) - (starts[index] + 1)
        guard let immediate = Int32(exactly: distance) else {
          throw BytecodeError(.labelTooFar(label.description, distance: distance), instruction: starts[index])
        }
        slot.immediate = immediate
        program.append(slot)
      case .jump(var slot, let label):
        let end = starts[index + 1]
        let distance = try target(label, starts, from: index) - end
        if isFar[index] {
          guard let long = Int32(exactly: distance) else {
            throw BytecodeError(.labelTooFar(label.description, distance: distance), instruction: starts[index])
          }
          if slot.opcode != .goto {
            slot.offset = 1
            program += [slot, .goto(1)]
          }
          program.append(.gotoLong(long))
        } else {
          slot.offset = Int16(truncatingIfNeeded: distance)  // lengthen() has left only those that fit
          program.append(slot)
        }
      }
    }
    return program
  }

  /// The first slot of each item, and the end.
  private func layOut(_ isFar: [Bool]) -> [Int] {
    var starts: [Int] = []
    starts.reserveCapacity(items.count + 1)
    var position = 0
    for (item, isFar) in zip(items, isFar) {
      starts.append(position)
      // A far conditional jump: if condition goto +1; goto +1; gotol label.
      if case .jump(let slot, _) = item, isFar, slot.opcode != .goto { position += 3 } else { position += 1 }
    }
    starts.append(position)
    return starts
  }

  /// Marks the jumps that do not fit; says whether there were any.
  private func lengthen(_ isFar: inout [Bool], _ starts: [Int]) throws(BytecodeError) -> Bool {
    var changed = false
    for (index, item) in items.enumerated() where !isFar[index] {
      guard case .jump(_, let label) = item else { continue }
      let distance = try target(label, starts, from: index) - starts[index + 1]
      if Int16(exactly: distance) != nil { continue }
      guard maximumISA >= .v4 else {
        throw BytecodeError(.labelTooFar(label.description, distance: distance), instruction: starts[index])
      }
      isFar[index] = true
      changed = true
    }
    return changed
  }

  private func target(_ label: Label, _ starts: [Int], from item: Int) throws(BytecodeError) -> Int {
    guard let target = labels[label] else {
      throw BytecodeError(.unknownLabel(label.description), instruction: starts[item])
    }
    return starts[target]
  }
}
