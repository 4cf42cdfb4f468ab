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
    case .eventKind: code.jump(to: texts.contains(hook.act.nameBytes) ? yes : no)
    case .networkTransport where hook.fields != nil:
      code.emit(.load(.r0, from: .r6, SocketAddressContext.transport, size: .word))
      for (name, number) in [("tcp", 6), ("udp", 17)] as [(String, Int32)] where texts.contains(Array(name.utf8)) {
        code.jump(to: yes, if: .r0, .equal, .immediate(number))
      }
      code.jump(to: no)
    case .processExecutable: compilePath(isOneOf: texts, yes, no, unknown)
    default: throw unavailable(place)
    }
  }

  mutating func compile(
    _ test: TextTest, _ place: Place, _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard place.scope == .event, place.field == .processExecutable else { throw unavailable(place) }
    switch test {
    case .startsWith(let bytes): try compilePath(below: bytes, yes, no, unknown)
    case .endsWith(let bytes): try compilePath(endsWith: bytes, yes, no, unknown)
    case .glob(let glob):
      let prefix = glob.prefix
      if glob.parts.count == prefix.count { return compilePath(isOneOf: [prefix], yes, no, unknown) }
      guard glob.parts == prefix.map({ .byte($0) }) + [.anything] else { fallthrough }
      try compilePath(below: prefix, yes, no, unknown)
    case .contains:
      throw CompileProblem(
        "the kernel compares a path as a whole, by the directory that it starts with, or by the names that it ends with",
        hint: "Write `== \"/usr/bin/curl\"`, `startsWith(\"/tmp/\")` or `endsWith(\"/curl\")`")
    }
  }
}

// Paths, which the kernel has leaf first.
extension HookCompiler {
  private mutating func compilePath(isOneOf texts: Set<[UInt8]>, _ yes: Label, _ no: Label, _ unknown: Label) {
    code.jump(to: unknown, if: .r7, .equal, 0)
    // What is longer than the kernel keeps equals none that was not cut.
    let packed = texts.compactMap { ProcessLayout.packed($0) }.sorted { $0.lexicographicallyPrecedes($1) }
    let whole = packed.filter { $0.count <= ProcessLayout.pathBytes && !$0.isEmpty }
    let mayBeCut = packed.contains { $0.count > ProcessLayout.cutBytes }
    jumpIfCut(mayBeCut ? unknown : no)
    if whole.count <= Self.inlineLimit {
      for path in whole {
        let other = code.makeLabel("other")
        // With a zero byte behind it, where there is room for one: no name follows.
        let bytes = path.count < ProcessLayout.pathBytes ? path + [0] : path
        comparePath(bytes + [UInt8](repeating: 0, count: -bytes.count & 7), else: other)
        code.jump(to: yes)
        code.place(other)
      }
      code.jump(to: no)
    } else {
      let keys = whole.map { $0 + [UInt8](repeating: 0, count: ProcessLayout.pathBytes - $0.count) }
      loadMap(.r1, .paths(Set(keys)))
      code.emit(.move(.r2, .r7), .add(.r2, .immediate(Int32(ProcessLayout.path))), .call(.mapLookupElement))
      code.jump(to: yes, if: .r0, .notEqual, 0)
      code.jump(to: no)
    }
  }

  private mutating func compilePath(
    endsWith bytes: [UInt8], _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard bytes.first == 0x2f, bytes.count > 1, let packed = ProcessLayout.packed(bytes) else {
      throw CompileProblem(
        "the kernel compares whole names of a path: what it ends with starts with `/`",
        hint: "Write `endsWith(\"/curl\")`"
      )
    }
    guard packed.count <= ProcessLayout.pathBytes else {
      throw CompileProblem("the kernel keeps \(ProcessLayout.pathBytes) bytes of a path, and this is longer")
    }
    code.jump(to: unknown, if: .r7, .equal, 0)
    // The names at the end of a path that was cut are there.
    if packed.count > ProcessLayout.cutBytes { jumpIfCut(unknown) }
    comparePath(packed, else: no)
    code.jump(to: yes)
  }

  private mutating func compilePath(
    below bytes: [UInt8], _ yes: Label, _ no: Label, _ unknown: Label
  ) throws(CompileProblem) {
    guard bytes.first == 0x2f, bytes.last == 0x2f, bytes.count == 1 || ProcessLayout.packed(bytes.dropLast()) != nil
    else {
      throw CompileProblem(
        "the kernel compares whole names of a path: what it starts with is a directory, with `/` at its start and end",
        hint: "Write `startsWith(\"/tmp/\")`")
    }
    let packed = bytes.count == 1 ? [] : ProcessLayout.packed(bytes.dropLast()) ?? []
    guard packed.count < ProcessLayout.pathBytes else {
      throw CompileProblem("the kernel keeps \(ProcessLayout.pathBytes) bytes of a path, and this is longer")
    }
    code.jump(to: unknown, if: .r7, .equal, 0)
    // The directories that a path starts with are what is cut off.
    jumpIfCut(unknown)
    // Where they start: behind one name at least.
    let room = ProcessLayout.pathBytes - packed.count
    code.emit(.load(.r1, from: .r7, 0, size: .doubleWord), .add(.r1, .immediate(-16 - Int32(packed.count))))
    code.jump(to: no, if: .r1, .equal, 0)
    code.jump(to: no, if: .r1, .greater, .immediate(Int32(room)))
    code.emit(.move(.r2, .r7), .arithmetic(.add, .r2, .r1))
    compareBytes(packed, at: .r2, ProcessLayout.path, else: no)
    code.jump(to: yes)
  }

  private mutating func jumpIfCut(_ label: Label) {
    code.emit(.load(.r1, from: .r7, ProcessLayout.flags, size: .word))
    code.jump(to: label, if: .r1, .anyBit, .immediate(ProcessLayout.isCut))
  }

  private mutating func comparePath(_ bytes: [UInt8], else other: Label) {
    compareBytes(bytes, at: .r7, ProcessLayout.path, else: other)
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
