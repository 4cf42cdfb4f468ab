// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import MeropsExpression
import MeropsModel

// Texts: what the act is called, the transport, and the path of the program.
extension HookCompiler {
  typealias Place = MeropsExpression.Operand.Place

  mutating func compile(
    _ place: Place, isIn texts: Set<[UInt8]>, _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard place.scope == .event else { throw CompileProblem("the kernel cannot ask about ancestors yet") }
    switch place.field {
    case .eventKind where hook == .fileOpen:
      let isWritten = code.makeLabel("written")
      try jumpIfWritten(to: isWritten, unknown: unknown)
      code.jump(to: texts.contains(EventKind.fileOpen.nameBytes) ? yes : no)
      code.place(isWritten)
      code.jump(to: texts.contains(EventKind.fileWrite.nameBytes) ? yes : no)
    case .eventKind: code.jump(to: texts.contains(hook.acts[0].nameBytes) ? yes : no)
    case let field where hook.paths.contains(field): compilePath(form(field), isOneOf: texts, yes, no, unknown)
    case .networkTransport where hook.fields != nil:
      code.emit(.load(.r0, from: .r6, SocketAddressContext.transport, size: .word))
      for (name, number) in [("tcp", 6), ("udp", 17)] as [(String, Int32)] where texts.contains(Array(name.utf8)) {
        code.jump(to: yes, if: .r0, .equal, .immediate(number))
      }
      code.jump(to: no)
    case .processExecutable: compilePath(.ofProcess, isOneOf: texts, yes, no, unknown)
    default: throw unavailable(place)
    }
  }

  mutating func compile(
    _ test: TextTest, _ place: Place, _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard place.scope == .event, place.field == .processExecutable || hook.paths.contains(place.field) else {
      throw unavailable(place)
    }
    let form = form(place.field)
    switch test {
    case .startsWith(let bytes): try compilePath(form, below: bytes, yes, no, unknown)
    case .endsWith(let bytes): try compilePath(form, endsWith: bytes, yes, no, unknown)
    case .glob(let glob):
      let prefix = glob.prefix
      if glob.parts.count == prefix.count { return compilePath(form, isOneOf: [prefix], yes, no, unknown) }
      guard glob.parts == prefix.map({ .byte($0) }) + [.anything] else { fallthrough }
      try compilePath(form, below: prefix, yes, no, unknown)
    case .contains:
      throw CompileProblem(
        "the kernel compares a path as a whole, by the directory that it starts with, or by the names that it ends with",
        hint: "Write `== \"/usr/bin/curl\"`, `startsWith(\"/tmp/\")` or `endsWith(\"/curl\")`")
    }
  }
}

/// How a path lies in memory, leaf first.
struct PathForm {
  /// Where the path is known to be, or null.
  var base: Register
  /// How many bytes it has, and so many more.
  var length: (at: Int16, size: AccessSize, more: Int32)
  /// A bit of a word says that it was cut.
  var cut: (at: Int16, bit: Int32)
  var start: Int16
  /// The most bytes that there are, with zeroes behind the path.
  var room: Int

  /// The program of the process.
  static let ofProcess = PathForm(
    base: .r7, length: (0, .doubleWord, 16), cut: (ProcessLayout.flags, ProcessLayout.isCut),
    start: ProcessLayout.path, room: ProcessLayout.pathBytes)

  /// What the act is about.
  static func ofAct(_ index: Int) -> PathForm {
    let record = ActLayout.record
    return PathForm(
      base: .r3, length: (record + VerdictLayout.pathBytes + 4 * Int16(index), .word, 0),
      cut: (record + VerdictLayout.pathFlags, 1 << Int32(index)),
      start: index == 0 ? ActLayout.path : ActLayout.target, room: ActLayout.pathBytes)
  }
}

// Paths, which the kernel has leaf first.
extension HookCompiler {
  private func form(_ field: Field) -> PathForm {
    hook.paths.firstIndex(of: field).map { .ofAct($0) } ?? .ofProcess
  }

  /// Emits code that finds the path, or jumps to `unknown` where the kernel has none.
  private mutating func find(_ form: PathForm, _ unknown: Label) {
    if form.base == .r7 {
      code.jump(to: unknown, if: .r7, .equal, 0)
    } else if isFilter {
      code.jump(to: unknown)
    } else {
      loadAct(form.base, unknown)
    }
  }

  private mutating func compilePath(
    _ form: PathForm, isOneOf texts: Set<[UInt8]>, _ yes: Label, _ no: Label, _ unknown: Label
  ) {
    find(form, unknown)
    // What is longer than the kernel keeps equals none that was not cut.
    let packed = texts.compactMap { ProcessLayout.packed($0) }.sorted { $0.lexicographicallyPrecedes($1) }
    let whole = packed.filter { $0.count <= form.room && !$0.isEmpty }
    let mayBeCut = packed.contains { $0.count > ProcessLayout.cutBytes }
    jumpIfCut(form, mayBeCut ? unknown : no)
    if whole.count <= Self.inlineLimit {
      for path in whole {
        let other = code.makeLabel("other")
        // With a zero byte behind it, where there is room for one: no name follows.
        let bytes = path.count < form.room ? path + [0] : path
        compareBytes(bytes + [UInt8](repeating: 0, count: -bytes.count & 7), at: form.base, form.start, else: other)
        code.jump(to: yes)
        code.place(other)
      }
      code.jump(to: no)
    } else {
      let keys = whole.map { $0 + [UInt8](repeating: 0, count: form.room - $0.count) }
      code.emit(.move(.r2, .register(form.base)), .add(.r2, .immediate(Int32(form.start))))
      loadMap(.r1, .paths(Set(keys)))
      code.emit(.call(.mapLookupElement))
      code.jump(to: yes, if: .r0, .notEqual, 0)
      code.jump(to: no)
    }
  }

  private mutating func compilePath(
    _ form: PathForm, endsWith bytes: [UInt8], _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard bytes.first == 0x2f, bytes.count > 1, let packed = ProcessLayout.packed(bytes) else {
      throw CompileProblem(
        "the kernel compares whole names of a path: what it ends with starts with `/`",
        hint: "Write `endsWith(\"/curl\")`"
      )
    }
    guard packed.count <= form.room else {
      throw CompileProblem("the kernel keeps \(form.room) bytes of a path, and this is longer")
    }
    find(form, unknown)
    // The names at the end of a path that was cut are there.
    if packed.count > ProcessLayout.cutBytes { jumpIfCut(form, unknown) }
    compareBytes(packed, at: form.base, form.start, else: no)
    code.jump(to: yes)
  }

  private mutating func compilePath(
    _ form: PathForm, below bytes: [UInt8], _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard bytes.first == 0x2f, bytes.last == 0x2f, bytes.count == 1 || ProcessLayout.packed(bytes.dropLast()) != nil
    else {
      throw CompileProblem(
        "the kernel compares whole names of a path: what it starts with is a directory, with `/` at its start and end",
        hint: "Write `startsWith(\"/tmp/\")`")
    }
    let packed = bytes.count == 1 ? [] : ProcessLayout.packed(bytes.dropLast()) ?? []
    guard packed.count < form.room else {
      throw CompileProblem("the kernel keeps \(form.room) bytes of a path, and this is longer")
    }
    find(form, unknown)
    // The directories that a path starts with are what is cut off.
    jumpIfCut(form, unknown)
    // Where they start: behind one name at least.
    let room = form.room - packed.count
    code.emit(
      .load(.r1, from: form.base, form.length.at, size: form.length.size),
      .add(.r1, .immediate(-form.length.more - Int32(packed.count))))
    code.jump(to: no, if: .r1, .equal, 0)
    code.jump(to: no, if: .r1, .greater, .immediate(Int32(room)))
    code.emit(.move(.r2, .register(form.base)), .arithmetic(.add, .r2, .r1))
    compareBytes(packed, at: .r2, form.start, else: no)
    code.jump(to: yes)
  }

  private mutating func jumpIfCut(_ form: PathForm, _ label: Label) {
    code.emit(.load(.r1, from: form.base, form.cut.at, size: .word))
    code.jump(to: label, if: .r1, .anyBit, .immediate(form.cut.bit))
  }

  private mutating func compareBytes(_ bytes: [UInt8], at base: Register, _ start: Int16, else other: Label) {
    var offset = 0
    while offset < bytes.count {
      let size: AccessSize =
        switch bytes.count - offset {
        case 8...: .doubleWord
        case 4...: .word
        case 2...: .halfWord
        default: .byte
        }
      let count = size.byteCount
      let number = bytes[offset..<offset + count].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      code.emit(.load(.r1, from: base, start + Int16(offset), size: size))
      jump(if: .r1, .notEqual, to: number, other)
      offset += count
    }
  }
}
