// SPDX-License-Identifier: Apache-2.0

public import BPFBytecode
public import BTF

/// Fits a program's CO-RE relocations to a kernel: patches each instruction with the offset, size, value or existence of
/// what its record names, as the kernel's BTF has it.
///
/// A type is looked up by its name without flavor (`task_struct___old` finds `task_struct`), among the kernel's own types
/// first, and in those of its modules only if it has none. All that fit must agree. What nothing fits becomes 0 where the
/// record asks whether it exists; otherwise the instruction is poisoned: replaced by a call that the verifier rejects if
/// it can be reached.
///
/// Use one linker for all programs of an object: it remembers the candidates of each type.
///
/// Source: libbpf's `relo_core.c` and `bpf_object__relocate_core`.
public struct CORELinker {
  /// What a poisoned instruction becomes: a call of helper 0xbad2310 ("bad relo"), which no kernel has.
  public static let poison = Instruction.call(Helper(rawValue: 0xbad_2310))

  private struct Candidate {
    var view: TypeView
    var id: TypeID
  }

  private let local: TypeView
  private let target: TypeView
  private let loadModules: () throws -> [BTFTypes]
  private var modules: [TypeView]?
  private var candidates: [TypeID: [Candidate]] = [:]

  /// - Parameters:
  ///   - local: the object's own types.
  ///   - target: the kernel's.
  ///   - modules: those of the kernel's modules, split from `target`; asked for at most once, if a type is not in it.
  public init(local: BTFTypes, target: BTFTypes, modules: @escaping () throws -> [BTFTypes] = { [] }) {
    self.local = TypeView(local)
    self.target = TypeView(target)
    self.loadModules = modules
  }

  /// Patches a program.
  ///
  /// - Parameters:
  ///   - instructions: the program; each record counts from its start.
  ///   - records: in the order of the object, with the slot that each is to patch.
  ///   - program: its name, for messages.
  /// - Returns: what became of each record, in their order.
  /// - Throws: `COREError` for the first record that can be neither resolved nor poisoned.
  public mutating func relocate(
    _ instructions: inout [Instruction], _ records: [(instruction: Int, record: CORERecord)], program: String
  ) throws(COREError) -> [COREResult] {
    var results: [COREResult] = []
    results.reserveCapacity(records.count)
    for (index, record) in records {
      do throws(COREError.Reason) {
        results.append(try relocate(&instructions, at: index, record))
      } catch {
        let path = (try? COREPath(record, in: local))?.text ?? "type \(record.type)"
        throw COREError(error, program: program, instruction: index, subject: "\(path) (\(record.kind.words))")
      }
    }
    return results
  }

  private mutating func relocate(
    _ instructions: inout [Instruction], at index: Int, _ record: CORERecord
  ) throws(COREError.Reason) -> COREResult {
    let path = try COREPath(record, in: local)
    let own = try path.value(record.kind)
    let binding: (path: COREPath, value: COREValue)?
    let target: COREValue?
    if record.kind == .localTypeID {
      (binding, target) = (nil, own)
    } else {
      binding = try bind(record.kind, path)
      target = binding.map { $0.value } ?? COREPath.valueWithoutMatch(record.kind)
    }
    let patch = COREPatch(kind: record.kind, local: own, target: target)
    return COREResult(
      instruction: index, kind: record.kind, path: path.text,
      binding: binding.map { COREBinding(path: $0.path.text, type: $0.path.root, value: $0.value.value) },
      outcome: try patch.apply(to: &instructions, at: index))
  }

  /// Matches the path against each candidate. Those that do not fit are dropped, for later records of the type too,
  /// unless none fits.
  private mutating func bind(
    _ kind: COREKind, _ path: COREPath
  ) throws(COREError.Reason) -> (path: COREPath, value: COREValue)? {
    var bound: (path: COREPath, value: COREValue)?
    var fitting: [Candidate] = []
    for candidate in try candidates(of: path.root) {
      var matcher = COREMatcher(kind, path, in: candidate.view)
      guard let match = try matcher.match(candidate.id) else { continue }
      let value = try match.value(kind)
      if let bound, bound.path.bitOffset != match.bitOffset || bound.value.value != value.value {
        throw .ambiguous(
          COREBinding(path: bound.path.text, type: bound.path.root, value: bound.value.value),
          COREBinding(path: match.text, type: match.root, value: value.value))
      }
      if bound == nil { bound = (match, value) }
      fitting.append(candidate)
    }
    if !fitting.isEmpty { candidates[path.root] = fitting }
    return bound
  }

  /// The types of the kernel with the name and kind of one of the object's.
  private mutating func candidates(of id: TypeID) throws(COREError.Reason) -> [Candidate] {
    if let known = candidates[id] { return known }
    let name = local.types.name(id)
    guard !name.isEmpty, let kind = local.types.kind(id) else { throw .anonymousType }
    var found = target.candidates(name, kind: kind).map { Candidate(view: target, id: $0) }
    if found.isEmpty {
      for module in try loadedModules() {
        found += module.candidates(name, kind: kind).map { Candidate(view: module, id: $0) }
      }
    }
    candidates[id] = found
    return found
  }

  private mutating func loadedModules() throws(COREError.Reason) -> [TypeView] {
    if let modules { return modules }
    do {
      let loaded = try loadModules().map { TypeView($0) }
      modules = loaded
      return loaded
    } catch {
      throw .modules("\(error)")
    }
  }
}
