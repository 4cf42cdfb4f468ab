// SPDX-License-Identifier: Apache-2.0

import BPFBytecode
import BPFObject
import BPFSystem
import BTF
import Foundation
import TestSupport
import Testing

@testable import BPF

/// What our tables say of kernels, held against the running one's types and verifier. `make vm` does so on each kernel.
@Suite(.requires(.kernelBTF)) struct KernelTablesTests {
  private static let newestKnown = KernelVersion(7, 3)

  /// The enumerations of include/uapi/linux/bpf.h as the kernel was compiled with them.
  @Test func numbersAndFirstKernelsOfTypes() throws {
    try check("bpf_map_type", MapType.allKnown.map { ($0.rawValue, "\($0)", $0.minimumKernel) })
    try check("bpf_prog_type", ProgramType.allKnown.map { ($0.rawValue, "\($0)", $0.minimumKernel) })
    try check("bpf_attach_type", AttachType.allKnown.map { ($0.rawValue, "\($0)", $0.minimumKernel) })
    try check("bpf_func_id", Helper.allCases.map { ($0.rawValue, $0.name ?? "", $0.minimumKernel) })
  }

  private func check(
    _ enumeration: String, _ table: [(number: UInt32, name: String, since: KernelVersion?)]
  ) throws {
    let types = try KernelTypes.current().vmlinux
    let id = try #require(types.id(named: enumeration, kind: .enumeration))
    guard case .enumeration(let found) = try types.type(id) else { throw BPFError(.types, "reading \(enumeration)") }
    var names: [UInt32: [String]] = [:]
    for value in found.values where !value.name.hasPrefix("__") {
      names[UInt32(truncatingIfNeeded: value.bits), default: []].append(value.name.lowercased())
    }
    for (number, name, since) in table {
      guard let since else { continue }
      #expect((names[number] != nil) == (since <= FeaturesTests.running), "\(enumeration) \(name) of Linux \(since)")
      // Ours are bpftool's names: the kernel's without what all of them begin with.
      guard let known = names[number] else { continue }
      #expect(known.contains { $0.hasSuffix(name) }, "\(number) is \(known), and not \(name)")
    }
    guard FeaturesTests.running <= Self.newestKnown else { return }
    #expect(Set(names.keys).isSubset(of: [0] + table.map { $0.number }), "\(enumeration) has what our table lacks")
  }

  @Test func firstKernelsOfKernelFunctions() throws {
    let rows = try Self.rows("kfuncs.txt")
    #expect(rows.count >= 60)
    for row in rows {
      let numbers = row[1].split(separator: ".").compactMap { Int($0) }
      try #require(numbers.count == 2)
      let since = KernelVersion(numbers[0], numbers[1])
      #expect(try Features.hasKernelFunction(row[0]) == (since <= FeaturesTests.running), "\(row[0]) of Linux \(since)")
    }
  }

  /// Each helper is called by a program that is not under the GPL: its licence is what the verifier looks at before its
  /// arguments.
  @Test(.requires(.root)) func licencesOfHelpers() throws {
    let rows = try Self.rows("helpers.txt")
    try #require(rows.count == Helper.allCases.count)
    var silent: [Helper] = []
    for (helper, row) in zip(Helper.allCases, rows) where try #require(helper.minimumKernel) <= FeaturesTests.running {
      let words = row[0].split(separator: " ", maxSplits: 1)
      #expect("bpf_\(words[0])" == helper.description)
      guard let restricted = try Self.isRestricted(helper) else {
        silent.append(helper)
        continue
      }
      #expect(restricted == (words.count > 1), "\(helper)")
    }
    // Of programs that must be under the GPL themselves (LSM, struct_ops), and of what this kernel was built without.
    #expect(silent.count <= 14, "\(silent)")
  }

  /// Types of program, those first whose helpers are many.
  private static let asked: [ProgramType] = [
    .kprobe, .schedCLS, .xdp, .tracing, .sockOps, .cgroupSockAddr, .skSKB, .skMsg, .cgroupSysctl, .cgroupSockopt,
    .cgroupSock, .cgroupSKB, .cgroupDevice, .lwtXmit, .lwtSeg6Local, .skReuseport, .skLookup, .perfEvent, .lircMode2,
    .syscall, .flowDissector, .socketFilter,
  ]

  /// nil if no program that could be loaded may call it.
  private static func isRestricted(_ helper: Helper) throws -> Bool? {
    let code = [.call(helper)] + Probe.returnZero
    for type in asked {
      var probe = Probe(type, attachType: type.probedAttachType, code)
      if type == .syscall { probe.load.flags = ProgramFlags.sleepable.rawValue }
      try probe.aim(type, for: helper)
      if let answer = isRestricted(probe) { return answer }
    }
    for (attachType, function) in [(AttachType.traceIter, "bpf_iter_task"), (.traceFexit, "bpf_fentry_test1")] {
      var probe = Probe(.tracing, attachType: attachType, code)
      let target = try KernelTypes.current().vmlinux.id(named: function, kind: .function)
      probe.load.attachTypeID = try #require(target).rawValue
      if let answer = isRestricted(probe) { return answer }
    }
    return nil
  }

  /// nil if the type of program has no such helper.
  ///
  /// Source: the order of checks in kernel/bpf/verifier.c, check_helper_call.
  private static func isRestricted(_ probe: Probe) -> Bool? {
    var probe = probe
    probe.load.license = "Proprietary"
    let outcome = probe.run()
    if outcome.log.contains("GPL-restricted") { return true }
    let isUnknown = ["unknown func", "invalid func", "cannot use helper"].contains(where: outcome.log.contains)
    return outcome.isAccepted || !outcome.log.isEmpty && !isUnknown ? false : nil
  }

  /// The cells of a table that the probes' headers are made from.
  private static func rows(_ name: String) throws -> [[String]] {
    var root = URL(filePath: #filePath)
    for _ in 0..<4 { root.deleteLastPathComponent() }
    return try String(contentsOf: root.appending(path: "Tools/helpers/\(name)"), encoding: .utf8)
      .split(separator: "\n").filter { !$0.hasPrefix("#") }
      .map { line in line.split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) } }
  }
}
