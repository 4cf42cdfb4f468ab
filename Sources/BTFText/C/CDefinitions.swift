// SPDX-License-Identifier: Apache-2.0

import BTF

/// A C file under way: definitions in an order that C accepts, each after what it needs.
///
/// A type held by value must be complete before, a type behind a pointer only declared. The two demands are
/// `require(_:complete:)`; everything is written at most once.
struct CDefinitions {
  let types: BTFTypes
  var text: [UInt8] = []
  var names = CNames()
  /// Print struct bodies where an anonymous type is used; otherwise `{...}`.
  let printsBodies: Bool

  // By id; empty where bodies are not printed, and nothing has to precede anything.
  private var progress: [Progress]
  /// Alignment in bytes of the structs and unions seen so far; 0 for others.
  private var alignments: [UInt8]
  private let textLimit: Int

  struct Progress: OptionSet {
    var rawValue: UInt8
    /// What is needed for a pointer to the type has been written.
    static let declared = Progress(rawValue: 1)
    /// The type is complete.
    static let complete = Progress(rawValue: 2)
    /// A definition is under way.
    static let entered = Progress(rawValue: 4)
    /// The typedef itself, or the body of an anonymous enumeration, has been written.
    static let written = Progress(rawValue: 8)
  }

  /// Deeper than any real program nests types, and safe on a thread's stack.
  static let depthLimit = 512

  init(_ types: BTFTypes, printsBodies: Bool = true) {
    self.types = types
    self.printsBodies = printsBodies
    let count = printsBodies ? Int(types.endID.rawValue) : 0
    progress = [Progress](repeating: [], count: count)
    alignments = [UInt8](repeating: 0, count: count)
    // Anonymous types are printed at each use: hostile BTF could make that exponential.
    let size = types.withUnsafeBytes { $0.count } + (types.base?.withUnsafeBytes { $0.count } ?? 0)
    textLimit = printsBodies ? 1 << 18 + 64 * size : 1 << 14
  }

  private func state(_ id: TypeID) -> Progress {
    let index = Int(id.rawValue)
    return index < progress.count ? progress[index] : []
  }

  func isWritten(_ id: TypeID) -> Bool { state(id).contains(.written) }

  mutating func note(_ id: TypeID, _ step: Progress) {
    let index = Int(id.rawValue)
    if index < progress.count { progress[index].insert(step) }
  }

  func endless(_ id: TypeID) -> BTFError {
    BTFError(.endless, at: types.record(id)?.offset ?? 0, "type \(id) contains itself, or nests too deep")
  }

  func checkLength() throws(BTFError) {
    if text.count > textLimit { throw BTFError(.tooLarge, at: 0, "anonymous types nest beyond any real program's") }
  }

  // MARK: Order

  /// Writes what must precede a use of the type: by value (`complete`) or by pointer.
  mutating func require(_ id: TypeID, complete: Bool, depth: Int = 0) throws(BTFError) {
    guard depth < Self.depthLimit else { throw endless(id) }
    guard !id.isVoid else { return }
    let record = try types.requireRecord(id)
    let goal: Progress = complete ? .complete : .declared
    let state = state(id)
    switch record.kind {
    case .int, .float, .declTag, nil: return
    case .structure, .union: return try requireComposite(id, complete: complete, depth: depth)
    case .typedef: return try requireTypedef(id, record.type, complete: complete, depth: depth)
    case .enumeration, .enumeration64:
      guard record.name != 0, !state.contains(.complete) else { return }
      note(id, .complete)
      guard case .enumeration(let enumeration) = try types.type(id) else { return }
      try define(id, enumeration)
      return
    default: break
    }
    guard !state.contains(goal) else { return }
    note(id, goal)
    switch try types.type(id) {
    case .pointer(let target): try require(target, complete: false, depth: depth + 1)
    case .const(let target), .volatile(let target), .restrict(let target):
      try require(target, complete: complete, depth: depth + 1)
    case .typeTag(let tag): try require(tag.type, complete: complete, depth: depth + 1)
    case .array(let array): try require(array.element, complete: true, depth: depth + 1)
    case .functionPrototype(let prototype):
      try require(prototype.result, complete: false, depth: depth + 1)
      for parameter in prototype.parameters { try require(parameter.type, complete: false, depth: depth + 1) }
    case .forward(let name, let isUnion): declare(forwardTag(id, named: name, isUnion: isUnion), isUnion: isUnion)
    case .function(let function): try require(function.type, complete: false, depth: depth + 1)
    case .variable(let variable): try require(variable.type, complete: true, depth: depth + 1)
    case .dataSection(let section):
      for entry in section.entries { try require(entry.type, complete: true, depth: depth + 1) }
    default: break
    }
  }

  private mutating func requireComposite(_ id: TypeID, complete: Bool, depth: Int) throws(BTFError) {
    let state = state(id)
    if state.contains(.complete) { return }
    let isUnion = types.kind(id) == .union
    let isAnonymous = types.name(id).isEmpty
    guard complete || isAnonymous else {
      if !state.contains(.declared) {
        note(id, .declared)
        declare(names.tag(id, named: types.name(id)), isUnion: isUnion)
      }
      return
    }
    guard !state.contains(.entered) else { throw endless(id) }
    note(id, .entered)
    guard let composite = try types.type(id).composite else { return }
    for member in composite.members { try require(member.type, complete: true, depth: depth + 1) }
    let layout = try layout(of: composite, isUnion: isUnion)
    // At most 16, which is what a type that is no composite may have.
    let index = Int(id.rawValue)
    if index < alignments.count { alignments[index] = UInt8(clamping: layout.alignment) }
    if !isAnonymous { try define(id, composite, layout, isUnion: isUnion) }
    note(id, [.complete, .declared])
  }

  private mutating func requireTypedef(
    _ id: TypeID, _ target: TypeID, complete: Bool, depth: Int
  ) throws(BTFError) {
    let state = state(id)
    guard !state.contains(complete ? .complete : .written) else { return }
    // A definition under way that comes back here by pointer is answered; by value it is endless.
    guard depth < Self.depthLimit else { throw endless(id) }
    try require(target, complete: complete, depth: depth + 1)
    if complete { note(id, .complete) }
    guard !isWritten(id) else { return }
    note(id, .written)
    try defineTypedef(id, types.name(id), target)
  }

  func forwardTarget(named name: String, isUnion: Bool) -> TypeID? {
    types.id(named: name, kind: isUnion ? .union : .structure)
  }

  mutating func forwardTag(_ id: TypeID, named name: String, isUnion: Bool) -> String {
    if let defined = forwardTarget(named: name, isUnion: isUnion) { return names.tag(defined, named: name) }
    return names.forwardTag(id, named: name, isUnion: isUnion)
  }

  // MARK: Layout

  /// Size and alignment in bytes of a type that is complete.
  private func measure(_ id: TypeID, depth: Int = 0) throws(BTFError) -> (size: Int, alignment: Int) {
    guard depth < Self.depthLimit else { throw endless(id) }
    guard !id.isVoid else { return (0, 1) }
    let record = try types.requireRecord(id)
    switch record.kind {
    case .int, .enumeration, .enumeration64, .float:
      let size = Int(record.sizeOrType)
      return (size, size.nonzeroBitCount == 1 ? min(size, 16) : 1)
    case .pointer: return (8, 8)
    case .structure, .union:
      let index = Int(id.rawValue)
      return (Int(record.sizeOrType), index < alignments.count ? max(1, Int(alignments[index])) : 1)
    case .typedef, .const, .volatile, .restrict, .typeTag, .variable: return try measure(record.type, depth: depth + 1)
    case .array:
      let element = try measure(TypeID(rawValue: record.word(0)), depth: depth + 1)
      let size = element.size.multipliedReportingOverflow(by: Int(record.word(2)))
      guard !size.overflow, size.partialValue < 1 << 48 else {
        throw BTFError(.tooLarge, at: record.offset, "an array of \(record.word(2)) elements of \(element.size) bytes")
      }
      return (size.partialValue, element.alignment)
    default: return (0, 1)
    }
  }

  /// The width of the bit field that a member is; 0 for others.
  func bitWidth(_ member: BTFComposite.Member) throws(BTFError) -> Int {
    if member.bitSize != 0 { return member.bitSize }
    // Before Linux 4.20 the type of a bit field was an integer of its own.
    guard types.kind(member.type) == .int, case .int(let integer) = try types.type(member.type),
      integer.bits < integer.size * 8
    else { return 0 }
    return integer.bits
  }

  func layout(of composite: BTFComposite, isUnion: Bool) throws(BTFError) -> CLayout {
    var members: [CLayout.Member] = []
    members.reserveCapacity(composite.members.count)
    for member in composite.members {
      let (size, alignment) = try measure(member.type)
      members.append(
        CLayout.Member(
          bitOffset: member.bitOffset, size: size * 8, alignment: alignment * 8, width: try bitWidth(member)))
    }
    return CLayout(members, size: composite.size, isUnion: isUnion)
  }
}
