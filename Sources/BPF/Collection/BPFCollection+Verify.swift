// SPDX-License-Identifier: Apache-2.0

public import BPFObject
import Synchronization

extension BPFCollection {
  /// What a trial load showed.
  public struct VerificationReport: Sendable {
    public var programs: [Entry]
    public var maps: [MapSpec]
    /// What was left out.
    public var omissions: [BPFCollection.Omission]

    public struct Entry: Sendable, Hashable {
      public var name: String
      public var type: ProgramType
      /// The section, which says where it would be attached.
      public var section: String
      /// Slots of 8 bytes, subprograms included.
      public var instructionCount: Int
      /// How many instructions the verifier went through; 0 where the kernel does not report the number.
      public var verifiedInstructions: Int
      /// Bytes of machine code; 0 where the program would be interpreted.
      public var machineCodeSize: Int
      /// The stack of each function, in bytes.
      public var stackDepths: [Int]
    }
  }
}

extension BPFCollection {
  /// Loads everything, so that the kernel verifies it, and unloads it again. Nothing is pinned and nothing stays.
  ///
  /// - Throws: what ``load()`` would throw.
  public func verify() throws(BPFError) -> VerificationReport {
    var plan = try state.withLock { (state) throws(BPFError) in
      try state.expect(.open, "verifying")
      return state.plan
    }
    for index in plan.spec.maps.indices { plan.spec.maps[index].pinning = .none }
    // Statistics, which report the depth of the stack.
    plan.options.logLevel |= 4
    let loaded = try LoadSession.load(plan)
    var entries: [VerificationReport.Entry] = []
    for program in loaded.programs {
      let info = try program.info()
      entries.append(
        VerificationReport.Entry(
          name: program.name, type: program.type, section: program.spec?.sectionName ?? "",
          instructionCount: try program.spec.map { spec throws(BPFError) in try spec.slotCount() } ?? 0,
          verifiedInstructions: max(info.verifiedInstructions, program.log?.processedInstructions ?? 0),
          machineCodeSize: info.machineCodeSize, stackDepths: program.log?.stackDepths ?? []))
    }
    return VerificationReport(programs: entries, maps: plan.spec.maps, omissions: loaded.omissions)
  }
}

extension ProgramSpec {
  /// Slots of the program with its subprograms.
  fileprivate func slotCount() throws(BPFError) -> Int {
    do {
      return try linked().instructions.count
    } catch {
      throw BPFError(.object, "linking program \(name)", underlying: error)
    }
  }
}
