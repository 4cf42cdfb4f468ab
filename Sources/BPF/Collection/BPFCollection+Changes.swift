// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import Synchronization

// What may be changed before the load.
extension BPFCollection {
  /// Sets how many entries a map has; for rings, their size in bytes.
  public func setMaxEntries(_ count: Int, of map: String) throws(BPFError) {
    guard let entries = UInt32(exactly: count) else {
      throw BPFError(.invalid, "changing map \(map)", detail: "a map cannot have \(count) entries")
    }
    try change(map: map) { $0.maxEntries = entries }
  }

  /// Changes a map's description: its size, flags, pinning.
  public func change(map name: String, _ body: (inout MapSpec) throws(BPFError) -> Void) throws(BPFError) {
    try state.withLock { (state) throws(BPFError) in
      try state.expect(.open, "changing a map of")
      guard let index = state.plan.spec.mapIndex(named: name) else {
        throw state.unknown("map", name, state.plan.spec.maps.map(\.name))
      }
      try body(&state.plan.spec.maps[index])
    }
  }

  /// Uses an existing map in place of the object's: both then share the map.
  public func replaceMap(_ name: String, with map: AnyMap) throws(BPFError) {
    try state.withLock { (state) throws(BPFError) in
      try state.expect(.open, "replacing a map of")
      guard let index = state.plan.spec.mapIndex(named: name) else {
        throw state.unknown("map", name, state.plan.spec.maps.map(\.name))
      }
      state.plan.replacements[state.plan.spec.maps[index].name] = map
    }
  }

  /// Chooses whether a program is loaded. Those in sections whose name starts with "?" are not, by default.
  public func setAutoload(_ isLoaded: Bool, of program: String) throws(BPFError) {
    try change(program: program) { $0.autoload = isLoaded }
  }

  /// Loads these programs and no others.
  public func select(programs names: [String]) throws(BPFError) {
    let all = spec.programs.map(\.name)
    for name in names where !all.contains(name) {
      throw state.withLock { $0.unknown("program", name, all) }
    }
    for name in all { try setAutoload(names.contains(name), of: name) }
  }

  /// Changes a program's description: its type, what it attaches to.
  public func change(program name: String, _ body: (inout ProgramSpec) throws(BPFError) -> Void) throws(BPFError) {
    try state.withLock { (state) throws(BPFError) in
      try state.expect(.open, "changing a program of")
      guard let index = state.plan.spec.programIndex(named: name) else {
        throw state.unknown("program", name, state.plan.spec.programs.map(\.name))
      }
      try body(&state.plan.spec.programs[index])
    }
  }

  /// Chooses what a program attaches to by type information: a function of the kernel or, for freplace programs and
  /// tracing of programs, of another program.
  public func setAttachTarget(
    of program: String, to function: String, in target: Program? = nil
  ) throws(BPFError) {
    try change(program: program) { $0.attachTarget = function }
    state.withLock { $0.plan.targets[program] = LoadPlan.Target(program: target, function: function) }
  }
}

extension BPFCollection.State {
  func unknown(_ kind: String, _ name: String, _ all: [String]) -> BPFError {
    BPFError(
      .notFound, "looking for \(kind) \(name) in \(plan.spec.name)",
      detail: all.isEmpty ? "the object has none" : "the object has \(all.joined(separator: ", "))")
  }
}
